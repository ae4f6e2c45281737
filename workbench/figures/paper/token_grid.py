"""Grids of words over tokens on paper: words are printed where at least a few letters of six points fit."""

from __future__ import annotations

import math

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper import colorbar, negative_marks
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import Box, Frame, Sheet, show_cells
from gemma2_workbench.figures.spec import TokenGrid

_WIDE = 0.62  # inches: the widest cell
_TALL = 7.0  # inches: the tallest grid
_SHARE = 0.24  # of the width, at most, for a row label
_AROUND = 0.6  # inches that the name of the x axis may be wider than the grid
_DEEP = 0.9  # inches, at most, for a token below the grid


def frame(spec: TokenGrid, faces: Faces, width: float, with_bar: bool = True) -> Frame:
    """The room of the grid; rows are as high as a line of type, lower where no word fits anyway."""
    rows, columns = spec.values.shape
    sizes = faces.sizes
    tick = sizes.tick
    left = sizes.line + 0.08 + max(faces.width(faces.fit(row, _SHARE * width, tick), tick) for row in spec.rows)
    plot, right, height = 0.6 * width, 0.0, 0.5 * width
    for _ in range(2):  # the bar's name wraps by the height, which hangs on the bar's room
        right = colorbar.room(spec.scale, faces, height) if with_bar else 0.04
        plot = min(width - left - right, _WIDE * columns)
        high = (1.2 if _readable(plot / columns, faces) else 1.0) * sizes.small_line
        height = max(rows * min(high, _TALL / rows), 0.6)
    below = max(faces.width(word, tick) for word in _columns(spec, faces, plot)[1]) + 0.06
    below += sizes.line * len(faces.axis_name(spec.x_label, plot + _AROUND))
    left += sizes.line * (len(faces.axis_name(spec.y_label, height + 0.1)) - 1)
    return Frame(left, right, below, plot, height)


def draw(spec: TokenGrid, sheet: Sheet, box: Box, with_bar: bool = True) -> None:
    """Draw the grid into `box` with its labels and its bar."""
    rows, columns = spec.values.shape
    axes = sheet.axes(box, frame=False)
    cells = colours.paint(spec.scale, spec.values)
    show_cells(axes, cells, (0, columns, rows, 0))
    high, wide = box.height / rows, box.width / columns
    smallest, tick, label = sheet.sizes.smallest, sheet.sizes.tick, sheet.sizes.label
    if _readable(wide, sheet.faces) and 72 * high >= 1.1 * smallest:
        for (i, j), _ in np.ndenumerate(spec.values):
            place = box.left + (j + 0.5) * wide, box.top + (i + 0.5) * high
            word = sheet.faces.fit(spec.words[i][j], 0.94 * wide, smallest)
            ink = colours.ink_on(cells[i, j])
            sheet.text(*place, word, smallest, color=ink, ha="center", va="center_baseline")
    negative_marks.dash(axes, box, spec.scale, spec.values, (0, 0), middle=0.92)
    _label_rows(spec, sheet, box, high)
    step, words = _columns(spec, sheet.faces, box.width)
    for i, word in enumerate(words):
        x = box.left + (i * step + 0.5) * wide
        sheet.text(x, box.bottom + 0.04, word, tick, rotation=90, ha="center", va="top")
    deep = max(sheet.faces.width(word, tick) for word in words)
    below = box.bottom + deep + 0.06 + label / 72
    for i, name in enumerate(sheet.faces.axis_name(spec.x_label, box.width + _AROUND)):
        sheet.text(box.left + box.width / 2, below + i * sheet.sizes.line, name, ha="center")
    if with_bar:
        colorbar.draw(spec.scale, sheet, box)


def keys(spec: TokenGrid) -> list[Key]:
    """Legend entries: categories, if the scale has any."""
    return colorbar.keys(spec.scale) + negative_marks.keys(spec.scale, spec.values)


def _readable(wide: float, faces: Faces) -> bool:
    """Whether a cell is wide enough for three letters and an ellipsis."""
    return faces.width("the…", faces.sizes.smallest) <= 0.94 * wide


def _columns(spec: TokenGrid, faces: Faces, width: float) -> tuple[int, list[str]]:
    """Every how many-th token is written upright below the grid, and those tokens."""
    tick = faces.sizes.tick
    step = max(math.ceil(1.15 * tick * len(spec.columns) / (72 * width) - 1e-9), 1)
    return step, [faces.fit(column, _DEEP, tick) for column in spec.columns[::step]]


def _label_rows(spec: TokenGrid, sheet: Sheet, box: Box, high: float) -> None:
    sizes = sheet.sizes
    step = max(math.ceil(1.1 * sizes.smallest / (72 * high) - 1e-9), 1)
    size = sizes.tick if 72 * high > 1.1 * sizes.tick else sizes.smallest
    words = [sheet.faces.fit(row, _SHARE * sheet.width, size) for row in spec.rows]
    for i in range(0, len(words), step):
        middle = box.top + (i + 0.5) * high
        sheet.text(box.left - 0.04, middle, words[i], size, ha="right", va="center_baseline")
    left = box.left - 0.08 - max(sheet.faces.width(word, size) for word in words)
    name = "\n".join(sheet.faces.axis_name(spec.y_label, box.height + 0.1))
    upright = {"rotation": 90, "ha": "right", "va": "center", "multialignment": "center"}
    sheet.text(left, box.top + box.height / 2, name, **upright)
