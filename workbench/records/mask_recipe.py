"""`MaskRecipe`: masks that are drawn without any run, saved by `mask` and the explorer.

Every panel is one layer in one pass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.masks.figure import caption_of, kinds_of, masks_figure
from gemma2_workbench.masks.layers import LayerMask, layer_masks
from gemma2_workbench.masks.origin import Given, Origin
from gemma2_workbench.masks.setting import PASS_OPTIONS, Setting
from gemma2_workbench.masks.words import heading
from gemma2_workbench.records.again import Again
from gemma2_workbench.records.command import Command
from gemma2_workbench.records.mask_again import read_again
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.recipe import Recipe, unseen_columns
from gemma2_workbench.records.schema import FilePart, SubRecord
from gemma2_workbench.records.values import LARGEST, MOST_IDS, MOST_PANELS, Commit, Count, Ids, Index, Name, Text
from gemma2_workbench.views.view import LONGEST

MOST_CELLS = 4 * LONGEST**2
NOT_READ = "no weights, a mask does not depend on them"


class ConfigurationPart(SubRecord):
    """The model whose masks are drawn."""

    name: Name
    source: Name
    revision: Commit | None
    window: Count | None
    causal: bool | None
    read: Name


class MaskPanel(SubRecord):
    """One layer in one pass."""

    layer: Index
    step: Index = Field(alias="pass")
    caption: Text


class MaskRecord(FilePart):
    """The record of masks, which are of no run."""

    kind: Literal["mask"]
    model: ConfigurationPart | None
    text: Text | None
    ids: Ids | None
    names: Annotated[list[Name], Field(max_length=MOST_IDS)] | None
    setting: Setting
    sentence: Text
    layers: Annotated[list[Index], Field(min_length=1, max_length=MOST_PANELS)]
    passes: Annotated[list[Index], Field(min_length=1, max_length=MOST_PANELS)]
    panels: Annotated[list[MaskPanel], Field(min_length=1, max_length=MOST_PANELS)]
    modified_model: bool
    changes: Annotated[list[Text], Field(max_length=64)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len({self.text is None, self.ids is None, self.names is None}) > 1:
            raise ValueError("'text', 'ids' and 'names' are there together, or all null")
        if len(self.layers) * len(self.passes) > MOST_PANELS:
            raise ValueError(f"a record has at most {MOST_PANELS} panels")
        if max(self.setting.window, len(self.setting.layers)) > LARGEST:
            raise ValueError(f"a window is at most {LARGEST}")
        MaskRecipe.recorded(self)
        return self


def _told(setting: Setting) -> JsonObject:
    """A setting as JSON holds it; what few models have is left out where there is none."""
    data = {**asdict(setting), "layers": list(setting.layers)}
    rare = ("attention_chunk", "packed", "prefix")
    return {key: value for key, value in data.items() if value is not None or key not in rare}


@dataclass(frozen=True)
class MaskRecipe(Recipe):
    """The masks of some layers in some passes.

    Attributes:
        setting: the situation.
        layers: the layers that are shown.
        passes: the passes that are shown, from 0.
        columns: panels in a row.
        origin: the model it is of; None for layers that were made up.
        given: the text; None where there are positions only.

    Raises:
        ValueError: no layer or pass, one that does not exist, or not one name and id per token.
    """

    setting: Setting
    layers: tuple[int, ...]
    passes: tuple[int, ...]
    columns: int = 1
    origin: Origin | None = None
    given: Given | None = None

    KIND: ClassVar = "mask"
    SCHEMA: ClassVar = MaskRecord

    def __post_init__(self) -> None:
        """Check that there is something to draw, and that it is no larger than a picture."""
        if not self.layers or not self.passes or self.columns < 1:
            raise ValueError("a figure of masks has a layer, a pass and a column")
        for layer in self.layers:
            self.setting.window_of(layer)
        count = len(self.setting.passes)
        odd = next((step for step in self.passes if not 0 <= step < count), None)
        if odd is not None:
            raise ValueError(f"pass {odd} does not exist; allowed: 0..{count - 1}")
        if (self.setting.slots or 0) > LONGEST:
            raise ValueError(f"{self.setting.slots} slots are too many for a picture; at most {LONGEST}")
        if self.given is not None and len(self.given.ids) != len(self.given.names):
            raise ValueError(f"there are {len(self.given.ids)} ids for {len(self.given.names)} names")
        self.setting.labels(None if self.given is None else self.given.names)
        if self.cells > MOST_CELLS:
            raise ValueError(f"{self.cells} cells are too many, at most {MOST_CELLS}; choose one layer and one pass")

    @classmethod
    def of(
        cls,
        setting: Setting,
        origin: Origin | None = None,
        given: Given | None = None,
        *,
        layer: int | None = None,
        step: int | None = None,
        columns: int | None = None,
    ) -> Self:
        """One layer or one of each kind, in one pass or in all; without `columns`, the layers are side by side."""
        layers = kinds_of(setting) if layer is None else (layer,)
        passes = tuple(range(len(setting.passes))) if step is None else (step,)
        shown = cls(setting, layers, passes, origin=origin, given=given)
        return replace(shown, columns=shown.usual_columns if columns is None else columns)

    @classmethod
    def recorded(cls, record: MaskRecord) -> Self:
        """The masks of a record as it has them, with nothing read again.

        Raises:
            ValueError: as the class.
        """
        model, given = record.model, None
        origin = None if model is None else Origin(**model.model_dump(exclude={"read"}))
        if record.text is not None:
            given = Given(record.text, tuple(record.ids or ()), tuple(record.names or ()))
        return cls(record.setting, tuple(record.layers), tuple(record.passes), record.columns, origin, given)

    @classmethod
    def make_again(cls, record: MaskRecord, again: Again) -> Self:
        """See `Recipe`; where a model was named, its configuration and its tokens are read again."""
        then = cls.recorded(record)
        if then.origin is None:
            return then
        setting, origin, given = read_again(then.setting, then.origin, then.given, again)
        return replace(then, setting=setting, origin=origin, given=given)

    def as_record(self) -> JsonObject:
        """See `Recipe`."""
        given, changes = self.given, self.changes
        read = f"configuration{'' if given is None else ' and tokenizer'}; {NOT_READ}"
        return {
            "kind": self.KIND,
            "model": None if self.origin is None else {**asdict(self.origin), "read": read},
            "text": None if given is None else given.text,
            "ids": None if given is None else list(given.ids),
            "names": None if given is None else list(given.names),
            "setting": _told(self.setting),
            "sentence": heading(self.setting),
            "layers": list(self.layers),
            "passes": list(self.passes),
            "panels": [
                {"layer": mask.layer, "pass": step, "caption": caption}
                for (step, mask), caption in zip(self._masks, self.captions(), strict=True)
            ],
            "columns": self.columns,
            "modified_model": bool(changes),
            "changes": list(changes),
        }

    @property
    def usual_columns(self) -> int:
        """Panels in a row where nobody says how many."""
        return len(self.layers) if len(self.layers) > 1 else min(len(self.passes), 2)

    @property
    def cells(self) -> int:
        """See `Recipe`."""
        keys = max(self.setting.length, self.setting.slots or 0)
        return sum(len(self.setting.passes[step].rows) for step in self.passes) * keys * len(self.layers)

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """Pass and layer of every panel: the layers of a pass side by side."""
        return tuple((step, layer) for step in self.passes for layer in self.layers)

    @property
    def changes(self) -> tuple[str, ...]:
        """Where it differs from the model, in words."""
        return () if self.origin is None else self.origin.changes(self.setting)

    @cached_property
    def _masks(self) -> tuple[tuple[int, LayerMask], ...]:
        """Every panel's pass and its mask."""
        known = {layer: layer_masks(self.setting, layer) for layer in self.layers}
        return tuple((step, known[layer][step]) for step, layer in self.parts)

    def tables(self) -> list[pd.DataFrame]:
        """The table of every panel: the columns of the mask view, and the pass in front."""
        names = None if self.given is None else self.given.names
        tables = [mask.table(names) for _, mask in self._masks]
        for (_, mask), frame in zip(self._masks, tables, strict=True):
            frame.insert(0, "pass", mask.call.label)
        return tables

    def figure(self, tables: Sequence[pd.DataFrame]) -> FigureSpec:
        """The figure as the mask view draws it; its title says where the situation differs from the model."""
        note = f" (modified model: {'; '.join(self.changes)})" if self.changes else ""
        masks = [mask for _, mask in self._masks]
        return masks_figure(masks, tables, self.given is not None, self.columns, note)

    def captions(self) -> list[str]:
        """Layer and pass of every panel, for example `local layer 0, prefill` or `global layer 1, decode 12`."""
        return [caption_of(mask) for _, mask in self._masks]

    def unseen(self, output: Output) -> Iterator[str]:
        """See `Recipe`."""
        yield from unseen_columns(output, len(self.parts), self.columns, self.usual_columns)
        if not self.setting.padding and self.setting.side != "left":
            yield f"pads on the {self.setting.side} mean nothing, because there are none"

    def caption(self, spec: FigureSpec, record: JsonObject) -> str:
        """See `Recipe`."""
        from gemma2_workbench.latex import caption

        model = "" if record["model"] is None else f" Model: {record['model']['name']}, {record['model']['read']}."
        return f"{caption(spec)} Situation: {record['sentence']}.{model}"

    @staticmethod
    def command(record: JsonObject) -> Command:
        """See `Recipe`."""
        setting, model = record["setting"], record["model"]
        words = ["mask", f"--tokens={setting['tokens']}", f"--window={setting['window']}"]
        words += ["--layers", *setting["layers"]] if model is None else [f"--model={model['name']}"]
        for option in PASS_OPTIONS:
            # Without pads their side means nothing, with pads it is said.
            value = setting.get(option.name)
            said = setting["padding"] if option.name == "side" else value != option.default
            words += [f"--{option.name}={setting[option.name]}"] if said else []
        if setting["causal"] != (True if model is None else model["causal"]):
            words.append(f"--causal={'on' if setting['causal'] else 'off'}")
        for name, flag in (("layers", "layer"), ("passes", "pass")):
            words += [f"--{flag}={record[name][0]}"] if len(record[name]) == 1 else []
        return Command(words, [] if record["text"] is None else [record["text"]])
