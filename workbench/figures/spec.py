"""What a figure shows, apart from how it is drawn: arrays, labels, units and a colour scale.

A specification is immutable, holds numpy arrays that cannot be written to, and needs neither plotly nor matplotlib.
Wrong shapes raise ValueError when it is made, not when it is drawn.
Letters: Q query rows, S key columns, L layers, N heads, n anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.figures import checks
from workbench.figures.scale import Scale

__all__ = [
    "NO_VALUE",
    "Bars",
    "Curve",
    "FigureSpec",
    "Guide",
    "HeadGrid",
    "Panel",
    "Panels",
    "Scale",
    "Scatter",
    "Series",
    "TokenGrid",
    "TokenMap",
    "TokenStrip",
]

NO_VALUE = -1  # the reason of a cell that is NaN though no mask hides it


def _set(spec: object, **fields: object) -> None:
    """Replace fields of a frozen dataclass while it is being made."""
    for name, value in fields.items():
        object.__setattr__(spec, name, value)


@dataclass(frozen=True, eq=False)
class TokenMap:
    """A query x key map of one head: rows are queries (downward), columns are keys.

    Attributes:
        values: [Q, S]; NaN where the mask hides the cell.
        reasons: [Q, S] integers as in `model.Reason` (0 visible, 1 future, 2 outside window, 3 padding,
            4 other sequence), or None when nothing is known about hidden cells.
        rows, columns: Q and S display strings of tokens; repeats are fine.
        scale: colours and the name of the quantity.
        row_start, column_start: absolute position of the first row and column.
        mark: absolute row and column of one cell to outline, or None.
    """

    values: np.ndarray
    reasons: np.ndarray | None
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    scale: Scale
    row_start: int = 0
    column_start: int = 0
    title: str = ""
    x_label: str = "key (attended to)"
    y_label: str = "query (attends)"
    mark: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Check shapes; ValueError says which field is wrong."""
        values = checks.numbers("TokenMap", "values", self.values, 2)
        rows = checks.names("TokenMap", "rows", self.rows, values.shape[0])
        columns = checks.names("TokenMap", "columns", self.columns, values.shape[1])
        checks.start("TokenMap", "row_start", self.row_start)
        checks.start("TokenMap", "column_start", self.column_start)
        _set(self, values=values, rows=rows, columns=columns)
        if self.reasons is not None:
            reasons = checks.codes("TokenMap", "reasons", self.reasons, values.shape, highest=4)
            _set(self, reasons=reasons)
        if self.mark is not None:
            row, column = self.mark[0] - self.row_start, self.mark[1] - self.column_start
            if not (0 <= row < values.shape[0] and 0 <= column < values.shape[1]):
                raise ValueError(f"TokenMap.mark must be a row and a column of the map; got {self.mark}")

    def hidden(self) -> np.ndarray:
        """Why each cell shows no value: [Q, S] int8, 0 where a value is drawn, NO_VALUE where no reason is known."""
        reasons = np.zeros(self.values.shape, np.int8) if self.reasons is None else self.reasons
        return np.where(np.isfinite(self.values), 0, np.where(reasons == 0, NO_VALUE, reasons)).astype(np.int8)


@dataclass(frozen=True, eq=False)
class HeadGrid:
    """One number per layer (rows, 0 on top) and query head (columns).

    Attributes:
        values: [L, N]; NaN where a head has no value.
        kinds: L strings "local" or "global".
        group: query heads that share one key/value head; divides N.
        text: print the numbers in the cells.
    """

    values: np.ndarray
    kinds: tuple[str, ...]
    group: int
    scale: Scale
    title: str = ""
    text: bool = False

    def __post_init__(self) -> None:
        """Check shapes; ValueError says which field is wrong."""
        values = checks.numbers("HeadGrid", "values", self.values, 2)
        kinds = checks.names("HeadGrid", "kinds", self.kinds, values.shape[0])
        for kind in kinds:
            checks.one_of("HeadGrid", "kinds", kind, ("local", "global"))
        if self.group < 1 or values.shape[1] % self.group:
            raise ValueError(f"HeadGrid.group must divide the {values.shape[1]} heads; got {self.group}")
        _set(self, values=values, kinds=kinds)


@dataclass(frozen=True, eq=False)
class TokenGrid:
    """A number and a word at every token (columns) for every row, such as a stage of the residual stream.

    Attributes:
        values: [R, T]; NaN where there is no number.
        words: R tuples of T strings, printed in the cells where they fit.
        rows: R row labels, the first on top.
        columns: T display strings of tokens; repeats are fine.
        word: what the words are, for the pointer's label.
        column_start: absolute position of the first column.
    """

    values: np.ndarray
    words: tuple[tuple[str, ...], ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    scale: Scale
    word: str
    column_start: int = 0
    title: str = ""
    x_label: str = "position"
    y_label: str = "layer"

    def __post_init__(self) -> None:
        """Check shapes; ValueError says which field is wrong."""
        values = checks.numbers("TokenGrid", "values", self.values, 2)
        rows = checks.names("TokenGrid", "rows", self.rows, values.shape[0])
        columns = checks.names("TokenGrid", "columns", self.columns, values.shape[1])
        checks.start("TokenGrid", "column_start", self.column_start)
        if len(self.words) != values.shape[0]:
            raise ValueError(f"TokenGrid.words must hold {values.shape[0]} rows; got {len(self.words)}")
        words = tuple(checks.names("TokenGrid", "words", row, values.shape[1]) for row in self.words)
        _set(self, values=values, rows=rows, columns=columns, words=words)


@dataclass(frozen=True, eq=False)
class Series:
    """One named line: x and y are [n]; a NaN in y is a gap."""

    name: str
    x: np.ndarray
    y: np.ndarray

    def __post_init__(self) -> None:
        """Check that x and y are of one length."""
        x, y = (checks.numbers("Series", f, getattr(self, f), 1) for f in "xy")
        if x.shape != y.shape:
            raise ValueError(f"Series x and y must have one length; got {x.size} and {y.size}")
        _set(self, x=x, y=y)


@dataclass(frozen=True)
class Guide:
    """A dashed line across the plot where `axis` ("x" or "y") equals `at`, with a short label."""

    axis: Literal["x", "y"]
    at: float
    label: str

    def __post_init__(self) -> None:
        """Check the axis and that the place is a finite number."""
        checks.one_of("Guide", "axis", self.axis, ("x", "y"))
        if not np.isfinite(self.at):
            raise ValueError(f"Guide.at must be a finite number; got {self.at}")


@dataclass(frozen=True)
class Curve:
    """Lines over a common x axis, with optional guides."""

    series: tuple[Series, ...]
    x_label: str
    y_label: str
    title: str = ""
    guides: tuple[Guide, ...] = ()

    def __post_init__(self) -> None:
        """At least one series."""
        _set(self, series=tuple(self.series), guides=tuple(self.guides))
        if not self.series:
            raise ValueError("Curve.series must hold at least one Series; got none")


@dataclass(frozen=True, eq=False)
class Scatter:
    """Points, and a reference curve if there is one (raw logits on c*tanh(x/c), say).

    Attributes:
        x, y: [n]. A point with a NaN coordinate is not drawn.
        labels: n strings or empty; the screen shows them under the pointer, paper prints up to twelve.
        size: [n] numbers from 0 or None; the area of a dot grows with it.
    """

    x: np.ndarray
    y: np.ndarray
    x_label: str
    y_label: str
    labels: tuple[str, ...] = ()
    size: np.ndarray | None = None
    curve: Series | None = None
    title: str = ""
    guides: tuple[Guide, ...] = ()

    def __post_init__(self) -> None:
        """Check that every field has one entry per point."""
        x, y = (checks.numbers("Scatter", f, getattr(self, f), 1) for f in "xy")
        labels = checks.names("Scatter", "labels", self.labels, x.size) if self.labels else ()
        if x.shape != y.shape:
            raise ValueError(f"Scatter x and y must have one length; got {x.size} and {y.size}")
        _set(self, x=x, y=y, labels=labels, guides=tuple(self.guides))
        if self.size is not None:
            size = checks.numbers("Scatter", "size", self.size, 1)
            if size.shape != x.shape or not (size >= 0).all():
                raise ValueError(f"Scatter.size must be {x.size} numbers from 0; got {size.size}")
            _set(self, size=size)


@dataclass(frozen=True, eq=False)
class Bars:
    """Horizontal bars, first name on top. `label` names the quantity with its unit; values are [n]."""

    names: tuple[str, ...]
    values: np.ndarray
    label: str
    title: str = ""

    def __post_init__(self) -> None:
        """Check that every bar has a name."""
        values = checks.numbers("Bars", "values", self.values, 1)
        _set(self, values=values, names=checks.names("Bars", "names", self.names, values.size))


@dataclass(frozen=True, eq=False)
class TokenStrip:
    """A text whose tokens are coloured: values [n], NaN for tokens without one."""

    tokens: tuple[str, ...]
    values: np.ndarray
    scale: Scale
    title: str = ""

    def __post_init__(self) -> None:
        """Check that every token has a value."""
        values = checks.numbers("TokenStrip", "values", self.values, 1)
        _set(self, values=values, tokens=checks.names("TokenStrip", "tokens", self.tokens, values.size))


Panel = TokenMap | TokenGrid | HeadGrid | Curve | Scatter | Bars | TokenStrip


@dataclass(frozen=True)
class Panels:
    """Several specifications in one figure, row by row; panels that share one scale share one colour bar."""

    figures: tuple[Panel, ...]
    columns: int
    title: str = ""

    def __post_init__(self) -> None:
        """At least one panel, none of them Panels again, at least one column."""
        _set(self, figures=tuple(self.figures))
        if not self.figures or self.columns < 1:
            raise ValueError(
                f"Panels need a figure and a column; got {len(self.figures)} figures, {self.columns} columns"
            )
        for figure in self.figures:
            if not isinstance(figure, Panel):
                raise ValueError(f"Panels hold single figures; got {type(figure).__name__}")

    def shared_tokens(self) -> TokenMap | None:
        """The first panel, if all panels are maps of the same rows and columns; else None."""
        maps = [figure for figure in self.figures if isinstance(figure, TokenMap)]
        axes = {(m.rows, m.columns, m.row_start, m.column_start) for m in maps}
        return maps[0] if len(maps) == len(self.figures) and len(axes) == 1 else None

    def shared_scale(self) -> Scale | None:
        """The colour scale that all panels have in common, else None."""
        scales = [getattr(figure, "scale", None) for figure in self.figures]
        return scales[0] if all(scale == scales[0] for scale in scales) else None


FigureSpec = Panel | Panels
