"""`PatchRecipe`: a grid of patched runs, saved by `patch`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field

from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.figures.text import one_line
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.loading import Loaded
from gemma2_workbench.models.tokens import tokenize
from gemma2_workbench.patching.figure import figure
from gemma2_workbench.patching.grid import PatchGrid
from gemma2_workbench.patching.patch import patch_grid
from gemma2_workbench.records.again import Again
from gemma2_workbench.records.command import Command, model_flags
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.records.schema import FilePart, SubRecord, Weights
from gemma2_workbench.records.values import MOST_IDS, Ids, Index, Name, Text

MOST_TOKENS_PATCHED = 2**20
_Chosen = Annotated[list[Index], Field(min_length=1, max_length=MOST_IDS)] | None


class PatchPanel(SubRecord):
    """The one panel."""

    caption: Text


class PatchRecord(FilePart):
    """The record of a grid of patched runs; `text` is the one that is run, `clean` the one whose run is taken from."""

    kind: Literal["patch"]
    model: Weights
    clean: Text
    text: Text
    ids: Ids
    what: Name
    by: Name
    tokens: Annotated[list[Index], Field(min_length=2, max_length=2)]
    names: Annotated[list[Name], Field(min_length=2, max_length=2)]
    layers: _Chosen
    positions: _Chosen
    heads: _Chosen
    sentence: Text
    panels: Annotated[list[PatchPanel], Field(min_length=1, max_length=1)]


@dataclass(frozen=True, eq=False)
class PatchRecipe(Recipe):
    """A grid, and which layers, positions and heads were asked for; None is all of them."""

    grid: PatchGrid
    layers: Sequence[int] | None = None
    positions: Sequence[int] | None = None
    heads: Sequence[int] | None = None

    KIND: ClassVar = "patch"
    SCHEMA: ClassVar = PatchRecord

    @property
    def cells(self) -> int:
        """See `Recipe`."""
        return self.grid.values.size

    def captions(self) -> list[str]:
        """One panel needs no caption."""
        return [""]

    def tables(self) -> list[pd.DataFrame]:
        """The one table."""
        return [self.grid.table()]

    def figure(self, tables: Sequence[pd.DataFrame]) -> FigureSpec:
        """See `Recipe`."""
        return figure(self.grid)

    def as_record(self) -> JsonObject:
        """See `Recipe`."""
        grid = self.grid
        chosen = {name: getattr(self, name) for name in ("layers", "positions", "heads")}
        return {
            "kind": self.KIND,
            "model": grid.model.as_data(),
            "clean": grid.clean.text,
            "text": grid.corrupted.text,
            "ids": list(grid.corrupted.ids),
            "what": grid.what,
            "by": grid.by,
            "tokens": list(grid.ids),
            "names": list(grid.names),
            **{name: None if given is None else list(given) for name, given in chosen.items()},
            "sentence": grid.sentence,
            "panels": [{"caption": ""}],
            "columns": 1,
        }

    @classmethod
    def make_again(cls, record: PatchRecord, again: Again) -> Self:
        """See `Recipe`."""
        loaded = again.model(record.model)
        chosen = {name: getattr(record, name) for name in ("layers", "positions", "heads")}
        _check_work(loaded, record)
        token, against = record.tokens
        grid = patch_grid(
            loaded, record.clean, record.text, record.what, record.by, token=token, against=against, **chosen
        )
        return cls(grid, **chosen)

    def caption(self, spec: FigureSpec, record: JsonObject) -> str:
        """See `Recipe`."""
        from gemma2_workbench.latex import caption

        texts = f"clean “{one_line(self.grid.clean.text)}”, corrupted “{one_line(self.grid.corrupted.text)}”"
        return f"{caption(spec)} {self.grid.model.name}, {texts}; {self.grid.sentence}."

    @staticmethod
    def command(record: JsonObject) -> Command:
        """See `Recipe`; tokens go by their numbers, because a name need not be one token again."""
        token, against = record["tokens"]
        words = ["patch", f"--what={record['what']}", f"--by={record['by']}"]
        words += [f"--token=#{token}", f"--against=#{against}"]
        for name in ("layers", "positions", "heads"):
            words += [] if record[name] is None else [f"--{name}={','.join(map(str, record[name]))}"]
        return Command(words + model_flags(record["model"]), [record["clean"], record["text"]])


def _check_work(loaded: Loaded, record: PatchRecord) -> None:
    """Refuse a record that would keep the machine busy for long."""
    tokens = sum(len(tokenize(loaded.tokenizer, text)) for text in (record.clean, record.text))
    layers = loaded.shape.layers if record.layers is None else len(record.layers)
    columns = len(record.positions or record.ids) if record.by == "position" else loaded.shape.heads
    if (count := tokens * layers * columns) > MOST_TOKENS_PATCHED:
        raise ValueError(
            f"the patched runs of the record have {count:,} tokens; at most {MOST_TOKENS_PATCHED:,} are run"
        )
