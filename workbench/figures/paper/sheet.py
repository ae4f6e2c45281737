"""A sheet of paper: places in inches from its top left corner, whatever matplotlib counts in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper.fonts import Faces

INK, REFERENCE, FAINT = colours.LIGHT.ink, colours.LIGHT.reference, colours.LIGHT.faint
_SIDE = (
    300  # pixels of a picture, at least, on either side; whole multiples of a cell, which compress to almost nothing
)
THINNEST = 0.5  # points: no line is thinner, because thinner ones disappear in print


@dataclass(frozen=True)
class Box:
    """A rectangle in inches; `left` and `top` count from the sheet's top left corner."""

    left: float
    top: float
    width: float
    height: float

    def moved(self, right: float, down: float) -> Box:
        """The same rectangle elsewhere."""
        return Box(self.left + right, self.top + down, self.width, self.height)

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height


@dataclass(frozen=True)
class Frame:
    """Inches left of, right of and below a plot of `width` x `height` inches."""

    left: float
    right: float
    below: float
    width: float
    height: float

    def box(self, left: float, top: float, room: float) -> Box:
        """The plot's place when the panel starts at (left, top) and is `room` inches wide; narrow plots are centred."""
        slack = max(room - self.left - self.width - self.right, 0.0)
        return Box(left + self.left + slack / 2, top, self.width, self.height)


class Sheet:
    """One page of exactly `width` x `height` inches to draw on."""

    def __init__(self, width: float, height: float, faces: Faces) -> None:
        """An empty white page."""
        self.width, self.height, self.faces, self.sizes = width, height, faces, faces.sizes
        self.figure = Figure(figsize=(width, height))

    def axes(self, box: Box, frame: bool = True) -> Axes:
        """Axes that fill `box`, with thin left and lower edges, or bare ones without `frame`."""
        place = (box.left / self.width, 1 - box.bottom / self.height, box.width / self.width, box.height / self.height)
        axes = self.figure.add_axes(place)
        axes.set_facecolor("none")
        if not frame:
            axes.set_axis_off()
            return axes
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set(linewidth=THINNEST, color=REFERENCE)
        axes.tick_params(length=2, width=THINNEST, color=REFERENCE, labelcolor=INK, pad=2)
        axes.tick_params(labelsize=self.sizes.tick)
        return axes

    def text(self, x: float, y: float, words: str, size: float | None = None, **settings: Any) -> None:
        """Printable text at a place, by default in the size of labels with its left lower end there."""
        settings = {"color": INK, "ha": "left", "va": "baseline", **settings}
        self.figure.text(
            x,
            self.height - y,
            words,
            size=size or self.sizes.label,
            transform=self.figure.dpi_scale_trans,
            **settings,
        )

    def rectangle(self, box: Box, **settings: Any) -> None:
        """A rectangle with matplotlib's patch settings."""
        corner = (box.left, self.height - box.bottom)
        place = {"transform": self.figure.dpi_scale_trans, "linewidth": 0, **settings}
        self.figure.add_artist(Rectangle(corner, box.width, box.height, **place))

    def line(self, points: Sequence[tuple[float, float]], **settings: Any) -> None:
        """A line through places with matplotlib's line settings."""
        x, y = zip(*points, strict=True)
        line = {"color": REFERENCE, "linewidth": 0.6, "transform": self.figure.dpi_scale_trans, **settings}
        self.figure.add_artist(Line2D(x, [self.height - v for v in y], **line))


def show_cells(axes: Axes, cells: np.ndarray, extent: tuple[float, float, float, float]) -> None:
    """Put `cells`, uint8 [rows, columns, 3], on the axes as a picture; `extent` is left, right, bottom and top.

    It has so many pixels that a viewer which smooths pictures leaves cells sharp.
    """
    for axis in (0, 1):
        cells = np.repeat(cells, -(-_SIDE // cells.shape[axis]), axis)
    axes.imshow(cells, extent=extent, aspect="auto", interpolation="none")
