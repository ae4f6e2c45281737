"""`Viewed`: a view through some choices of its options, of runs, pairs of runs or sweeps: what such recipes share.

The command line, the explorer and `redraw` all draw through here, which is why they give the same bytes.
"""

import math
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Generic, Self, TypeVar

import pandas as pd

from gemma2_workbench.figures.spec import FigureSpec, Panel, Panels
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.recipe import Recipe, unseen_columns
from gemma2_workbench.records.run import Run
from gemma2_workbench.records.scales import with_shared_scales
from gemma2_workbench.records.view_options import filled, option_words, recorded
from gemma2_workbench.sweeps.compare import SweepPair
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.traces.pair import Pair
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views.view import Option, Subject, View, sizes_of

Seen = TypeVar("Seen", Trace, Pair, Sweep, SweepPair)
Given = TypeVar("Given", Run, Sweep)

MOST_PANELS = 26


@dataclass(frozen=True)
class Part:
    """One subject (its number, from 0) through one choice of the view's options, none left to its default."""

    run: int
    options: Mapping[str, object]


@dataclass(frozen=True)
class Viewed(Recipe, Generic[Seen, Given]):
    """A view of one or several parts; several are panels side by side, `columns` to a row.

    Attributes:
        view: what is seen.
        runs: of what.
        parts: the panels.
        columns: panels in a row.

    Raises:
        ValueError: no part, or no column.
    """

    view: View
    runs: tuple[Given, ...]
    parts: tuple[Part, ...]
    columns: int = 1

    def __post_init__(self) -> None:
        """Check that there is something to draw."""
        if not self.parts or self.columns < 1:
            raise ValueError(f"a figure has a panel and a column; got {len(self.parts)} and {self.columns}")

    @classmethod
    def of(
        cls, view: View, runs: Sequence[Given], options: Mapping[str, object] | None = None, columns: int | None = None
    ) -> Self:
        """Every combination of the options' values is a panel, in the order of the view's options, runs the fastest.

        Args:
            view: one of `VIEWS`, of a pair one of `PAIR_VIEWS`, of sweeps of `SWEEP_VIEWS`, `SWEEP_PAIR_VIEWS`.
            runs: the runs, or the sweeps; of a pair before and after.
            options: values by name; a list holds several values, which become panels.
            columns: panels in a row; default: as many as whatever changes fastest has, at most 4.

        Raises:
            ValueError: an option that the view does not have, or runs that are not compared (`traces.pair.compare`).
        """
        made = cls(view, tuple(runs), _combined(view, cls.subjects_of(runs), options or {}))
        return replace(made, columns=made.usual_columns if columns is None else columns)

    @staticmethod
    @abstractmethod
    def subjects_of(runs: Sequence[Given]) -> Sequence[Seen]:
        """What is seen of runs; the parts count these."""

    @cached_property
    def subjects(self) -> Sequence[Seen]:
        """What is seen."""
        return self.subjects_of(self.runs)

    @abstractmethod
    def modified(self, subject: Seen) -> str:
        """The words that the title of a modified model ends with; nothing for a model as it is."""

    @abstractmethod
    def named(self, subject: Seen) -> str:
        """What tells a subject from others."""

    @property
    def usual_columns(self) -> int:
        """Panels in a row where nobody says how many: as many as whatever changes fastest has, at most 4."""
        varied = [option.name for option in self._options(self.varied())]
        values = (
            [part.run for part in self.parts],
            *([part.options[name] for part in self.parts] for name in varied[::-1]),
        )
        return min(next((count for each in values if (count := len(set(each))) > 1), 1), 4)

    @property
    def cells(self) -> int:
        """See `Recipe`."""
        ranges = self._options(option.name for option in self.view.options if option.kind == "range")
        cells = 0
        for part in self.parts:
            subject = self.subjects[part.run]
            taken = [option.checked(part.options[option.name], subject) for option in ranges]
            sides = [len(chosen) for chosen in taken if isinstance(chosen, range)]
            sizes = sizes_of(subject)
            cells += math.prod(sides or [sizes["token"], sizes["layer"]])
        return cells

    def tables(self) -> list[pd.DataFrame]:
        """See `Recipe`."""
        return [self.view.table(self.subjects[part.run], **part.options) for part in self.parts]

    def table(self, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """The tables of all parts as one; where there are several subjects, the column `run` counts them from 0."""
        if len({part.run for part in self.parts}) > 1:
            tables = [frame.assign(run=part.run) for part, frame in zip(self.parts, tables, strict=True)]
        return super().table(tables)

    def figure(self, tables: Sequence[pd.DataFrame]) -> FigureSpec:
        """The figure; its title names a modified model, and every panel of several says what it shows."""
        figures = [self.view.figure(frame) for frame in tables]
        changes = {self.modified(subject) for subject in self.subjects}
        note = changes.pop() if len(changes) == 1 else ""
        if len(figures) == 1:
            return replace(figures[0], title=figures[0].title + note)
        captions = self.captions()
        panels = [panel for each, caption in zip(figures, captions, strict=True) for panel in _panels(each, caption)]
        check_panels(len(panels))
        inner = figures[0]
        columns = inner.columns if isinstance(inner, Panels) else self.columns
        return Panels(with_shared_scales(panels), columns, f"{self._title()}{note}")

    def captions(self) -> list[str]:
        """See `Recipe`."""
        varied = self.varied()
        # A layer without its head, and the other way round, is half an address.
        named = {*varied, *({"layer", "head"} if varied & {"layer", "head"} else ())}
        several = len(self.subjects) > 1
        differ = len({self.modified(subject) for subject in self.subjects}) > 1
        captions = []
        for part in self.parts:
            subject = self.subjects[part.run]
            words = [option_words(option, part.options[option.name]) for option in self._options(named)]
            name = [self.named(subject)] if several else []
            captions.append(", ".join([" ".join(words)] * bool(words) + name) + self.modified(subject) * differ)
        return captions

    def varied(self) -> set[str]:
        """Options whose values differ between parts; ranges that are the whole of different texts do not count."""
        first, *others = self.parts
        if len({part.run for part in self.parts}) > 1:
            others = [part for part in others if part.run == first.run]
        return {name for name, value in first.options.items() if any(part.options[name] != value for part in others)}

    def shown(self) -> JsonObject:
        """The view and its panels, as a record has them."""
        options = [part.options for part in self.parts]
        varied = [name for name in options[0] if len({each[name] for each in options}) > 1]
        return {
            "view": self.view.name,
            "options": {name: value for name, value in recorded(self.view, options[0]).items() if name not in varied},
            "panels": [
                {"options": {name: part.options[name] for name in varied}, "caption": caption}
                for part, caption in zip(self.parts, self.captions(), strict=True)
            ],
            "columns": self.columns,
        }

    def unseen(self, output: Output) -> Iterator[str]:
        """See `Recipe`."""
        return unseen_columns(output, len(self.parts), self.columns, self.usual_columns)

    def _title(self) -> str:
        """The view, and what all its panels have in common."""
        varied = self.varied()
        shown = {option.name for option in self.view.options if option.kind in ("layer", "head", "choice")} - varied
        shown -= {"layer", "head"} if varied & {"layer", "head"} else set()
        shown &= set(recorded(self.view, self.parts[0].options))
        words = [option_words(option, self.parts[0].options[option.name]) for option in self._options(shown)]
        return f"{self.view.title}: {', '.join(words)}" if words else self.view.title

    def _options(self, names: Iterable[str]) -> list[Option]:
        """The view's options among `names`, in the view's order."""
        wanted = set(names)
        return [option for option in self.view.options if option.name in wanted]


def _combined(view: View, subjects: Sequence[Subject], options: Mapping[str, object]) -> tuple[Part, ...]:
    """Every combination of the options' values, in the order of the view's options, and the subjects the fastest.

    Raises:
        ValueError: an option that the view does not have.
    """
    given = {name: value if isinstance(value, list) else [value] for name, value in options.items()}
    known = [option.name for option in view.options]
    odd = next((name for name in given if name not in known), None)
    if odd is not None:
        raise ValueError(f"view {view.name!r} has no option {odd!r}; it has: {', '.join(known) or 'none'}")
    choices = [given.get(option.name, [option.default]) for option in view.options]
    chosen = [dict(zip(known, values, strict=True)) for values in product(*choices)]
    return tuple(
        Part(number, filled(view, values, subject)) for values in chosen for number, subject in enumerate(subjects)
    )


def check_panels(count: int) -> None:
    """Refuse more panels than letters.

    Raises:
        ValueError: more than 26.
    """
    if count > MOST_PANELS:
        raise ValueError(
            f"a figure has at most {MOST_PANELS} panels, (a) to (z); these are {count}. Draw several figures."
        )


def _panels(figure: FigureSpec, caption: str) -> list[Panel]:
    """The figure as panels under `caption`."""
    if isinstance(figure, Panels):
        return [replace(panel, title=f"{caption}: {panel.title}") for panel in figure.figures]
    return [replace(figure, title=caption)]
