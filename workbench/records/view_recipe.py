"""`ViewRecipe`: a view of one or several runs, saved by `figure`, `table`, the explorer and `save_figure`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from gemma2_workbench.figures.text import one_line
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.maps import Maps, stack
from gemma2_workbench.models.tier import MAPS_ONLY
from gemma2_workbench.records.again import Again
from gemma2_workbench.records.command import Command, changes_flags, model_flags
from gemma2_workbench.records.run import Run, described
from gemma2_workbench.records.schema import FilePart, RunPart, ViewPanel
from gemma2_workbench.records.values import MOST_PANELS, MOST_RUNS, Index, Name, Options
from gemma2_workbench.records.view_options import check_options, complete, option_flags
from gemma2_workbench.records.viewed import Part, Viewed
from gemma2_workbench.suffixes import MAP_SUFFIXES
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views import attention, view_named

_TEXT = 40  # characters of a text in a caption


class RunPanel(ViewPanel):
    """One of several runs through some values of the view's options."""

    run: Index


class ViewRecord(FilePart, RunPart):
    """The record of a view of runs."""

    further_runs: Annotated[list[RunPart], Field(max_length=MOST_RUNS - 1)]
    view: Name
    options: Options
    panels: Annotated[list[RunPanel], Field(min_length=1, max_length=MOST_PANELS)]

    @property
    def runs(self) -> list[RunPart]:
        """All its runs."""
        return [self, *self.further_runs]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        shown, runs = {panel.run for panel in self.panels}, len(self.runs)
        if max(shown) >= runs:
            raise ValueError(f"a panel shows run {max(shown)}, and there are {runs}")
        if len(shown) < runs:
            raise ValueError(f"there are {runs} runs, and the panels show {len(shown)}")
        for panel in self.panels:
            check_options(view_named(self.view), self.options | panel.options)
        return self


@dataclass(frozen=True)
class ViewRecipe(Viewed[Trace, Run]):
    """A view of runs, every part of one of them."""

    KIND: ClassVar = None
    SCHEMA: ClassVar = ViewRecord

    @staticmethod
    def subjects_of(runs: Sequence[Run]) -> list[Trace]:
        """See `Viewed`."""
        return [run.trace for run in runs]

    def modified(self, subject: Trace) -> str:
        """See `Viewed`."""
        changes = f" (modified model: {', '.join(subject.changes)})" if subject.interventions else ""
        changes += f" ({MAPS_ONLY})" if subject.model.maps_only else ""
        return f"{changes} ({subject.generation.sentence})" if subject.generation else changes

    def named(self, subject: Trace) -> str:
        """See `Viewed`."""
        return f"“{one_line(subject.tokens.text, _TEXT)}”"

    def maps(self) -> Maps:
        """The attention maps of one run, [layers, heads, Q, S].

        Raises:
            ValueError: another view than attention, several runs or several stages.
        """
        first, traces = self.parts[0].options, self.subjects
        if self.view.name != "attention":
            raise ValueError(
                f"{' and '.join(MAP_SUFFIXES)} hold attention maps, of the view attention; save the view "
                f"{self.view.name} as .csv, .parquet or .tex"
            )
        if first["over"] != attention.HEAD:
            raise ValueError("a file of maps holds heads one by one; leave --over out, or write a table")
        several = [*(["text"] if len(traces) > 1 else []), *sorted(self.varied() - {"layer", "head"})]
        if several:
            raise ValueError(
                f"a file of maps holds any layers and heads of one text, one stage and one part; got several values "
                f"of {' and of '.join(several)}: write a file for each"
            )
        chosen = {
            name: [
                index for index in dict.fromkeys(part.options[name] for part in self.parts) if isinstance(index, int)
            ]
            for name in ("layer", "head")
        }
        pairs = {(part.options["layer"], part.options["head"]) for part in self.parts}
        if len(pairs) < len(chosen["layer"]) * len(chosen["head"]):
            raise ValueError("a file of maps holds the same heads of all its layers")
        taken = (option.checked(first[option.name], traces[0]) for option in self._options(("rows", "keys")))
        rows, keys = (chosen for chosen in taken if isinstance(chosen, range))
        return stack(traces[0], str(first["stage"]), chosen["layer"], chosen["head"], rows, keys)

    def as_record(self) -> JsonObject:
        """See `Recipe`."""
        first, *further = (described(run, self.view) for run in self.runs)
        shown = self.shown()
        panels = [{"run": part.run, **panel} for part, panel in zip(self.parts, shown["panels"], strict=True)]
        return {**first, "further_runs": further, **shown, "panels": panels}

    @classmethod
    def make_again(cls, record: ViewRecord, again: Again) -> Self:
        """See `Recipe`."""
        view = view_named(record.view)
        parts = tuple(Part(panel.run, complete(view, record.options | panel.options)) for panel in record.panels)
        return cls(view, tuple(again.runs(record.runs, view.needs)), parts, record.columns)

    @staticmethod
    def sources(record: JsonObject) -> list[JsonObject]:
        """See `Recipe`."""
        return [record, *record["further_runs"]]

    @staticmethod
    def command(record: JsonObject) -> Command | None:
        """See `Recipe`."""
        runs = [record, *record["further_runs"]]
        if any(run["trace"] is None and run.get("generation") for run in runs):
            return None  # `figure --text` would take the text for one that was given
        words = [record["figure"]["what"], record["view"]]
        for run in runs:
            words += [f"--text={run['text']}"] if run["trace"] is None else ["--trace", run["trace"]["name"]]
        if record["trace"] is None:
            words += model_flags(record["model"]) + changes_flags(record["overrides"])
            if record["lens"] is not None and record["lens"]["token"] is not None:
                words.append(f"--token={record['lens']['token']}")
        wholes = [f"0:{len(run['ids'])}" for run in runs]
        panels = [(record["options"] | panel["options"], wholes[panel["run"]]) for panel in record["panels"]]
        return Command(words + option_flags(view_named(record["view"]), panels))
