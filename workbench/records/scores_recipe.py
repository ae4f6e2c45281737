"""`ScoresRecipe`: the scores of all heads on repeated random tokens, saved by `heads`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.heads.head_scores import HeadScores
from gemma2_workbench.heads.random_repeats import score_heads
from gemma2_workbench.heads.scores import SCORES
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.records.again import Again
from gemma2_workbench.records.command import Command, changes_flags, model_flags
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.records.schema import FilePart, SubRecord, Weights
from gemma2_workbench.records.values import Changes, Count, Index, Name, Text, change_of
from gemma2_workbench.traces.interventions import as_data
from gemma2_workbench.views.atlas import ALL
from gemma2_workbench.views.heads import grids
from gemma2_workbench.views.ranked import METRICS

MOST_TOKENS_SCORED = 2**20


class ScoresPanel(SubRecord):
    """All scores are of one file."""

    caption: Text


class ScoresRecord(FilePart):
    """The record of scores of heads."""

    kind: Literal["scores"]
    model: Weights
    sequences: Count
    length: Count
    seed: Index
    overrides: Changes
    modified_model: bool
    metric: Name
    panels: Annotated[list[ScoresPanel], Field(min_length=1, max_length=1)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.metric not in (ALL, *SCORES):
            raise ValueError(f"'metric' is none of {', '.join((ALL, *SCORES))}")
        if (tokens := self.sequences * (2 * self.length + 1)) > MOST_TOKENS_SCORED:
            raise ValueError(f"{tokens:,} random tokens are too many, at most {MOST_TOKENS_SCORED:,} are run again")
        return self


@dataclass(frozen=True, eq=False)
class ScoresRecipe(Recipe):
    """One score of all heads as a grid, or all of them.

    Attributes:
        scores: what was measured.
        metric: a name of `heads.scores.SCORES`, or "all".
    """

    scores: HeadScores
    metric: str = ALL

    KIND: ClassVar = "scores"
    SCHEMA: ClassVar = ScoresRecord

    def __post_init__(self) -> None:
        """Check that the score was measured."""
        if self.metric not in (ALL, *self.scores.scores):
            raise ValueError(f"metric={self.metric!r} was not measured; choose {', '.join((ALL, *self.scores.scores))}")

    @property
    def cells(self) -> int:
        """See `Recipe`."""
        return sum(score.size for score in self.scores.scores.values())

    def captions(self) -> list[str]:
        """One file needs no caption."""
        return [""]

    def tables(self) -> list[pd.DataFrame]:
        """The one table."""
        frame = self.scores.table()
        return [frame if self.metric == ALL else frame.loc[frame["metric"] == self.metric].reset_index(drop=True)]

    def figure(self, tables: Sequence[pd.DataFrame]) -> FigureSpec:
        """See `Recipe`."""
        changes = ", ".join(change.sentence for change in self.scores.interventions)
        note = f" (modified model: {changes})" if changes else ""
        return grids(tables[0], METRICS, f"Heads on repeated random tokens{note}")

    def as_record(self) -> JsonObject:
        """See `Recipe`."""
        scores = self.scores
        return {
            "kind": self.KIND,
            "model": scores.model.as_data(),
            **{name: getattr(scores, name) for name in ("sequences", "length", "seed")},
            "overrides": [{**as_data(change), "sentence": change.sentence} for change in scores.interventions],
            "modified_model": bool(scores.interventions),
            "metric": self.metric,
            "panels": [{"caption": ""}],
            "columns": 1,
        }

    @classmethod
    def make_again(cls, record: ScoresRecord, again: Again) -> Self:
        """See `Recipe`."""
        changes = [change_of(change) for change in record.overrides]
        loaded = again.model(record.model)
        scores = score_heads(loaded, record.sequences, record.length, record.seed, interventions=changes)
        return cls(scores, record.metric)

    def caption(self, spec: FigureSpec, record: JsonObject) -> str:
        """See `Recipe`."""
        from gemma2_workbench.latex import caption

        return f"{caption(spec)} {self.scores.sentence}."

    @staticmethod
    def command(record: JsonObject) -> Command:
        """See `Recipe`."""
        words = ["heads", *(f"--{name}={record[name]}" for name in ("sequences", "length", "seed", "metric"))]
        return Command([*words, *model_flags(record["model"]), *changes_flags(record["overrides"])])
