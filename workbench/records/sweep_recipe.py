"""`SweepRecipe`: a view of one or several sweeps, saved by `sweep figure`, `sweep table` and `save_figure`."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self, TypeVar

from pydantic import Field, model_validator

from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.records.again import Again
from gemma2_workbench.records.command import Command
from gemma2_workbench.records.schema import FilePart, ViewPanel
from gemma2_workbench.records.swept import SweepPart, swept
from gemma2_workbench.records.values import MOST_PANELS, Index, Name, Options
from gemma2_workbench.records.view_options import check_options, complete, option_flags
from gemma2_workbench.records.viewed import Part, Viewed
from gemma2_workbench.sweeps.compare import SweepPair
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.sweeps.statistics import BINS
from gemma2_workbench.views import sweep_view_named

Swept = TypeVar("Swept", Sweep, SweepPair)
MOST_SWEEPS = 8


class SweptRecord(FilePart):
    """What records of sweeps have in common."""

    sweeps: Annotated[list[SweepPart], Field(min_length=1, max_length=MOST_SWEEPS)]
    view: Name
    options: Options

    @property
    def sweep_count(self) -> int:
        """See `FilePart`."""
        return len(self.sweeps)


class SweepPanel(ViewPanel):
    """One of several sweeps through some values of the view's options."""

    run: Index


class SweepRecord(SweptRecord):
    """The record of a view of sweeps."""

    kind: Literal["sweep"]
    panels: Annotated[list[SweepPanel], Field(min_length=1, max_length=MOST_PANELS)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if {panel.run for panel in self.panels} != {*range(len(self.sweeps))}:
            raise ValueError(f"the panels must show each of the {len(self.sweeps)} sweeps, and no other")
        for panel in self.panels:
            check_options(sweep_view_named(self.view), self.options | panel.options)
        return self


@dataclass(frozen=True)
class OfSweeps(Viewed[Swept, Sweep]):
    """A view of sweeps, or of two that are compared: what both recipes have in common."""

    COMPARED: ClassVar[bool]

    def modified(self, subject: Swept) -> str:
        """A sweep is of a model as it is."""
        return ""

    @property
    def cells(self) -> int:
        """See `Recipe`."""
        return len(self.parts) * BINS * max(len(each.heads) for each in self.runs)

    def as_record(self) -> JsonObject:
        """See `Recipe`."""
        return {"kind": self.KIND, "sweeps": [swept(each) for each in self.runs], **self.shown()}

    @staticmethod
    def sources(record: JsonObject) -> list[JsonObject]:
        """See `Recipe`."""
        return record["sweeps"]

    @classmethod
    def words(cls, record: JsonObject, *first: str) -> Command | None:
        """A command line that begins so; a sweep that was in no folder is not read from one."""
        folders = [part["folder"] for part in record["sweeps"]]
        if None in folders:
            return None
        panels = [(record["options"] | panel["options"], "") for panel in record["panels"]]
        return Command([*first, *folders, *option_flags(sweep_view_named(record["view"], cls.COMPARED), panels)])

    @abstractmethod
    def sentences(self) -> list[str]:
        """Over which texts, for a caption."""

    def caption(self, spec: FigureSpec, record: JsonObject) -> str:
        """See `Recipe`."""
        from gemma2_workbench.latex import caption

        return " ".join([caption(spec), *(f"{words}." for words in self.sentences())])


@dataclass(frozen=True)
class SweepRecipe(OfSweeps[Sweep]):
    """A view of sweeps, every part of one of them."""

    KIND: ClassVar = "sweep"
    SCHEMA: ClassVar = SweepRecord
    COMPARED: ClassVar = False

    @staticmethod
    def subjects_of(runs: Sequence[Sweep]) -> Sequence[Sweep]:
        """See `Viewed`."""
        return runs

    def named(self, subject: Sweep) -> str:
        """See `Viewed`."""
        return f"{subject.identity.model['name']}, {subject.identity.documents:,} texts"

    def as_record(self) -> JsonObject:
        """See `Recipe`."""
        made = super().as_record()
        panels = [{"run": part.run, **panel} for part, panel in zip(self.parts, made["panels"], strict=True)]
        return made | {"panels": panels}

    @classmethod
    def make_again(cls, record: SweepRecord, again: Again) -> Self:
        """See `Recipe`."""
        view = sweep_view_named(record.view)
        parts = tuple(Part(panel.run, complete(view, record.options | panel.options)) for panel in record.panels)
        return cls(view, tuple(again.sweeps(record.sweeps)), parts, record.columns)

    @staticmethod
    def command(record: JsonObject) -> Command | None:
        """See `Recipe`."""
        return SweepRecipe.words(record, "sweep", record["figure"]["what"], record["view"])

    def sentences(self) -> list[str]:
        """See `OfSweeps`."""
        return [f"Sweep of {each.sentence}" for each in self.runs]
