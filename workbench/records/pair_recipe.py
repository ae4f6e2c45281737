"""`PairRecipe`: a view of a pair of runs, before and after a change, saved by `compare` and `save_figure`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.figures.text import one_line
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.records.again import Again
from gemma2_workbench.records.command import Command, changes_flags, model_flags
from gemma2_workbench.records.run import Run, described
from gemma2_workbench.records.schema import FilePart, RunPart, ViewPanel
from gemma2_workbench.records.values import MOST_PANELS, Name, Options
from gemma2_workbench.records.view_options import check_options, complete, option_flags
from gemma2_workbench.records.viewed import Part, Viewed
from gemma2_workbench.traces.pair import Pair, compare
from gemma2_workbench.views import pair_view_named


class PairRecord(FilePart):
    """The record of a view of a pair; `tokens` counts the tokens that both texts have."""

    kind: Literal["pair"]
    before: RunPart
    after: RunPart
    tokens: Annotated[int, Field(ge=1)]
    view: Name
    options: Options
    panels: Annotated[list[ViewPanel], Field(min_length=1, max_length=MOST_PANELS)]

    @property
    def runs(self) -> list[RunPart]:
        """Both runs."""
        return [self.before, self.after]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for panel in self.panels:
            check_options(pair_view_named(self.view), self.options | panel.options)
        return self


@dataclass(frozen=True)
class PairRecipe(Viewed[Pair, Run]):
    """A view of one pair; its two runs are before and after the change."""

    KIND: ClassVar = "pair"
    SCHEMA: ClassVar = PairRecord

    @staticmethod
    def subjects_of(runs: Sequence[Run]) -> list[Pair]:
        """See `Viewed`."""
        before, after = runs
        return [compare(before.trace, after.trace)]

    def modified(self, subject: Pair) -> str:
        """See `Viewed`."""
        sides = {"before": subject.before, "after": subject.after}
        words = [f"{name}: {', '.join(trace.changes)}" for name, trace in sides.items() if trace.interventions]
        return f" (modified model {'; '.join(words)})" if words else ""

    def named(self, subject: Pair) -> str:
        """See `Viewed`."""
        return one_line(subject.sentence)

    def as_record(self) -> JsonObject:
        """See `Recipe`."""
        before, after = (described(run, self.view) for run in self.runs)
        return {
            "kind": self.KIND,
            "before": before,
            "after": after,
            "tokens": len(self.subjects[0].positions),
            **self.shown(),
        }

    @classmethod
    def make_again(cls, record: PairRecord, again: Again) -> Self:
        """See `Recipe`."""
        view = pair_view_named(record.view)
        parts = tuple(Part(0, complete(view, record.options | panel.options)) for panel in record.panels)
        return cls(view, tuple(again.runs(record.runs, view.needs)), parts, record.columns)

    @staticmethod
    def sources(record: JsonObject) -> list[JsonObject]:
        """See `Recipe`."""
        return [record["before"], record["after"]]

    @staticmethod
    def command(record: JsonObject) -> Command | None:
        """See `Recipe`; the flags change the second run, and how a model runs is said once for both."""
        before, after = record["before"], record["after"]
        how = [
            [run["model"][name] for name in ("dtype", "device")] + [run["trace"], run["lens"]]
            for run in (before, after)
        ]
        if before["overrides"] or before["trace"] is not None or how[0] != how[1]:
            return None
        words = ["compare", f"--view={record['view']}", *model_flags(before["model"])]
        if after["model"]["name"] != before["model"]["name"]:
            words.append(f"--model2={after['model']['name']}")
        words += changes_flags(after["overrides"])
        if before["lens"] is not None and before["lens"]["token"] is not None:
            words.append(f"--token={before['lens']['token']}")
        whole = f"0:{record['tokens']}"
        panels = [(record["options"] | panel["options"], whole) for panel in record["panels"]]
        words += option_flags(pair_view_named(record["view"]), panels)
        return Command(words, [before["text"]] if before["text"] == after["text"] else [before["text"], after["text"]])

    def caption(self, spec: FigureSpec, record: JsonObject) -> str:
        """See `Recipe`."""
        before, after = record["before"], record["after"]
        options = {name: value for name, value in record["options"].items() if value != f"0:{record['tokens']}"}
        texts = {"options": options, "further_runs": [] if before["ids"] == after["ids"] else [after]}
        return super().caption(spec, {**record, **before, **texts})
