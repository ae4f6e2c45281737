"""`SweepPairRecipe`: a view of two sweeps, before and after, saved by `sweep compare` and `save_figure`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.records.again import Again
from gemma2_workbench.records.command import Command
from gemma2_workbench.records.schema import ViewPanel
from gemma2_workbench.records.sweep_recipe import OfSweeps, SweptRecord
from gemma2_workbench.records.values import MOST_PANELS
from gemma2_workbench.records.view_options import check_options, complete
from gemma2_workbench.records.viewed import Part
from gemma2_workbench.sweeps.compare import SweepPair
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.views import sweep_view_named


class SweepPairRecord(SweptRecord):
    """The record of a view of two sweeps that are compared."""

    kind: Literal["sweeps"]
    panels: Annotated[list[ViewPanel], Field(min_length=1, max_length=MOST_PANELS)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.sweeps) != 2:
            raise ValueError(f"two sweeps are compared; these are {len(self.sweeps)}")
        for panel in self.panels:
            check_options(sweep_view_named(self.view, compared=True), self.options | panel.options)
        return self


@dataclass(frozen=True)
class SweepPairRecipe(OfSweeps[SweepPair]):
    """A view of one pair of sweeps."""

    KIND: ClassVar = "sweeps"
    SCHEMA: ClassVar = SweepPairRecord
    COMPARED: ClassVar = True

    @staticmethod
    def subjects_of(runs: Sequence[Sweep]) -> Sequence[SweepPair]:
        """See `Viewed`."""
        before, after = runs
        return [SweepPair(before, after)]

    def named(self, subject: SweepPair) -> str:
        """See `Viewed`."""
        return subject.sentence

    @classmethod
    def make_again(cls, record: SweepPairRecord, again: Again) -> Self:
        """See `Recipe`."""
        view = sweep_view_named(record.view, compared=True)
        parts = tuple(Part(0, complete(view, record.options | panel.options)) for panel in record.panels)
        return cls(view, tuple(again.sweeps(record.sweeps)), parts, record.columns)

    @staticmethod
    def command(record: JsonObject) -> Command | None:
        """See `Recipe`."""
        return SweepPairRecipe.words(record, "sweep", "compare")

    def sentences(self) -> list[str]:
        """See `OfSweeps`."""
        return [f"{name}: {each.sentence}" for name, each in zip(("Before", "After"), self.runs, strict=True)]
