"""`Drawing`: what is drawn of which run, as plain data; from it and the runs' traces follow the numbers and the figure.

The command line, the explorer and `redraw` all draw through here, which is why they give the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Self

import pandas as pd

from gemma2_workbench.figures.spec import FigureSpec, Panel, Panels
from gemma2_workbench.figures.text import one_line
from gemma2_workbench.maps import Maps, stack
from gemma2_workbench.records.scales import with_shared_scales
from gemma2_workbench.suffixes import MAP_SUFFIXES
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views import View, view_named
from gemma2_workbench.views.view import Option

MOST_PANELS = 26
_TEXT = 40  # characters of a text in a caption


@dataclass(frozen=True)
class Part:
    """One run (its number, from 0) through one choice of the view's options, none left to its default."""

    run: int
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Drawing:
    """A view of one or several parts; several are panels side by side, `columns` to a row.

    Raises:
        ValueError: no part, or no column.
    """

    view: str
    parts: tuple[Part, ...]
    columns: int = 1

    def __post_init__(self) -> None:
        """Check that there is something to draw."""
        if not self.parts or self.columns < 1:
            raise ValueError(f"a figure has a panel and a column; got {len(self.parts)} and {self.columns}")

    @classmethod
    def of(
        cls, view: View, traces: Sequence[Trace], options: Mapping[str, Any] | None = None, columns: int | None = None
    ) -> Self:
        """Every combination of the options' values, in the order of the view's options, and the traces the fastest.

        Args:
            view: one of `VIEWS`.
            traces: the runs.
            options: values by name; a list holds several values, which become panels.
            columns: panels in a row; default: as many as whatever changes fastest has, at most 4.

        Raises:
            ValueError: an option that the view does not have.
        """
        given = {name: value if isinstance(value, list) else [value] for name, value in (options or {}).items()}
        known = [option.name for option in view.options]
        odd = next((name for name in given if name not in known), None)
        if odd is not None:
            raise ValueError(f"view {view.name!r} has no option {odd!r}; it has: {', '.join(known) or 'none'}")
        choices = [given.get(option.name, [option.default]) for option in view.options]
        combined = [dict(zip(known, values, strict=True)) for values in product(*choices)]
        parts = [Part(run, _filled(view, chosen, traces[run])) for chosen in combined for run in range(len(traces))]
        drawing = cls(view.name, tuple(parts))
        return replace(drawing, columns=drawing.usual_columns if columns is None else columns)

    @property
    def usual_columns(self) -> int:
        """Panels in a row where nobody says how many: as many as whatever changes fastest has, at most 4."""
        varied = [option.name for option in self._options(self.varied())]
        values = (
            [part.run for part in self.parts],
            *([part.options[name] for part in self.parts] for name in varied[::-1]),
        )
        return min(next((count for each in values if (count := len(set(each))) > 1), 1), 4)

    def tables(self, traces: Sequence[Trace]) -> list[pd.DataFrame]:
        """The table of every part.

        Raises:
            ValueError: an option's value that its trace does not have.
        """
        view = view_named(self.view)
        return [view.table(traces[part.run], **part.options) for part in self.parts]

    def table(self, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """The tables of all parts as one; where there are several runs, the column `run` counts them from 0."""
        if len({part.run for part in self.parts}) > 1:
            tables = [frame.assign(run=part.run) for part, frame in zip(self.parts, tables, strict=True)]
        return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)

    def maps(self, traces: Sequence[Trace]) -> Maps:
        """The attention maps of one run, [layers, heads, Q, S].

        Raises:
            ValueError: another view than attention, several runs or several stages.
        """
        first = self.parts[0].options
        if self.view != "attention":
            raise ValueError(
                f"{' and '.join(MAP_SUFFIXES)} hold attention maps, of the view attention; save the view {self.view} "
                "as .csv, .parquet or .tex"
            )
        several = [*(["text"] if len(traces) > 1 else []), *sorted(self.varied() - {"layer", "head"})]
        if several:
            raise ValueError(
                f"a file of maps holds any layers and heads of one text, one stage and one part; got several values "
                f"of {' and of '.join(several)}: write a file for each"
            )
        chosen = {name: list(dict.fromkeys(part.options[name] for part in self.parts)) for name in ("layer", "head")}
        pairs = {(part.options["layer"], part.options["head"]) for part in self.parts}
        if len(pairs) < len(chosen["layer"]) * len(chosen["head"]):
            raise ValueError("a file of maps holds the same heads of all its layers")
        rows, keys = (option.checked(first[option.name], traces[0]) for option in self._options(("rows", "keys")))
        return stack(traces[0], first["stage"], chosen["layer"], chosen["head"], rows, keys)

    def figure(self, traces: Sequence[Trace], tables: Sequence[pd.DataFrame]) -> FigureSpec:
        """The figure; its title names a modified model, and every panel of several says what it shows."""
        figures = [view_named(self.view).figure(frame) for frame in tables]
        changes = {_modified(trace) for trace in traces}
        note = changes.pop() if len(changes) == 1 else ""
        if len(figures) == 1:
            return replace(figures[0], title=figures[0].title + note)
        captions = self.captions(traces)
        panels = [panel for each, caption in zip(figures, captions, strict=True) for panel in _panels(each, caption)]
        check_panels(len(panels))
        inner = figures[0]
        columns = inner.columns if isinstance(inner, Panels) else self.columns
        return Panels(with_shared_scales(panels), columns, f"{self._title()}{note}")

    def captions(self, traces: Sequence[Trace]) -> list[str]:
        """What tells each part from the others, in words; one empty caption for a single part."""
        varied = self.varied()
        # A layer without its head, and the other way round, is half an address.
        named = {*varied, *({"layer", "head"} if varied & {"layer", "head"} else ())}
        several = len(traces) > 1
        differ = len({_modified(trace) for trace in traces}) > 1
        captions = []
        for part in self.parts:
            trace = traces[part.run]
            words = [_words(option, part.options[option.name]) for option in self._options(named)]
            text = [f"“{one_line(trace.tokens.text, _TEXT)}”"] if several else []
            captions.append(", ".join([" ".join(words)] * bool(words) + text) + (_modified(trace) if differ else ""))
        return captions

    def varied(self) -> set[str]:
        """Options whose values differ between parts; ranges that are the whole of different texts do not count."""
        first, *others = self.parts
        if len({part.run for part in self.parts}) > 1:
            others = [part for part in others if part.run == first.run]
        return {name for name, value in first.options.items() if any(part.options[name] != value for part in others)}

    def _title(self) -> str:
        """The view, and what all its panels have in common."""
        view, varied = view_named(self.view), self.varied()
        shown = {option.name for option in view.options if option.kind in ("layer", "head", "choice")} - varied
        shown -= {"layer", "head"} if varied & {"layer", "head"} else set()
        words = [_words(option, self.parts[0].options[option.name]) for option in self._options(shown)]
        return f"{view.title}: {', '.join(words)}" if words else view.title

    def _options(self, names: Iterable[str]) -> list[Option]:
        """The view's options among `names`, in the view's order."""
        return [option for option in view_named(self.view).options if option.name in set(names)]


def check_panels(count: int) -> None:
    """Refuse more panels than letters.

    Raises:
        ValueError: more than 26.
    """
    if count > MOST_PANELS:
        raise ValueError(
            f"a figure has at most {MOST_PANELS} panels, (a) to (z); these are {count}. Draw several figures."
        )


def _filled(view: View, chosen: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
    """Every option with a value that JSON can hold; a range is written out."""
    whole = f"0:{len(trace.tokens)}"
    return {
        option.name: whole if option.kind == "range" and chosen[option.name] is None else chosen[option.name]
        for option in view.options
    }


def _words(option: Option, value: Any) -> str:
    """An option's value as a caption names it."""
    if option.name == "stage":
        return STAGES[value].label if value in STAGES else str(value)
    if option.kind == "choice":
        return str(value).replace("_", " ")
    return option.none if value is None else f"{option.label.lower()} {value}"


def _modified(trace: Trace) -> str:
    """The words that every title of a modified model ends with."""
    return f" (modified model: {', '.join(trace.changes)})" if trace.interventions else ""


def _panels(figure: FigureSpec, caption: str) -> list[Panel]:
    """The figure as panels under `caption`."""
    if isinstance(figure, Panels):
        return [replace(panel, title=f"{caption}: {panel.title}") for panel in figure.figures]
    return [replace(figure, title=caption)]
