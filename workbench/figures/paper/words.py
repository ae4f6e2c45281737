"""Grids of words over tokens on paper: words are printed where at least a few letters of six points fit."""

from __future__ import annotations

import math

import numpy as np

from workbench.figures import colours
from workbench.figures.paper import bar
from workbench.figures.paper.fonts import Faces
from workbench.figures.paper.frame import Frame
from workbench.figures.paper.legend import Key
from workbench.figures.paper.sheet import LABEL, LINE, SMALLEST, TICK, Box, Sheet
from workbench.figures.spec import TokenGrid

_WIDE, _HIGH, _LOW = 0.62, 0.16, 0.13  # inches: the widest cell, a cell that holds a word, one that need not
_TALL = 7.0  # inches: the tallest grid
_SHARE = 0.24  # of the width, at most, for a row label
_DEEP = 0.9  # inches, at most, for a token below the grid


def frame(spec: TokenGrid, faces: Faces, width: float) -> Frame:
    """The room of the grid; rows are as high as a line of type, lower where no word fits anyway."""
    rows, columns = spec.values.shape
    left = LINE + 0.08 + max(faces.width(faces.fit(row, _SHARE * width, TICK), TICK) for row in spec.rows)
    plot, right, height = 0.6 * width, 0.0, 0.5 * width
    for _ in range(2):  # the bar's name wraps by the height, which hangs on the bar's room
        right = bar.room(spec.scale, faces, height)
        plot = min(width - left - right, _WIDE * columns)
        high = _HIGH if _readable(plot / columns, faces) else _LOW
        height = max(rows * min(high, _TALL / rows), 0.6)
    below = max(faces.width(word, TICK) for word in _columns(spec, faces, plot)[1]) + 0.06 + LINE
    return Frame(left, right, below, plot, height)


def draw(spec: TokenGrid, sheet: Sheet, box: Box) -> None:
    """Draw the grid into `box` with its labels and its bar."""
    rows, columns = spec.values.shape
    axes = sheet.axes(box, frame=False)
    cells = colours.paint(spec.scale, spec.values)
    axes.imshow(cells, aspect="auto", interpolation="none", extent=(0, columns, rows, 0))
    high, wide = box.height / rows, box.width / columns
    if _readable(wide, sheet.faces) and 72 * high >= 1.1 * SMALLEST:
        for (i, j), _ in np.ndenumerate(spec.values):
            place = box.left + (j + 0.5) * wide, box.top + (i + 0.5) * high
            word = sheet.faces.fit(spec.words[i][j], 0.94 * wide, SMALLEST)
            ink = colours.ink_on(cells[i, j])
            sheet.text(*place, word, SMALLEST, color=ink, ha="center", va="center_baseline")
    _label_rows(spec, sheet, box, high)
    step, words = _columns(spec, sheet.faces, box.width)
    for i, word in enumerate(words):
        x = box.left + (i * step + 0.5) * wide
        sheet.text(x, box.bottom + 0.04, word, TICK, rotation=90, ha="center", va="top")
    deep = max(sheet.faces.width(word, TICK) for word in words)
    name = sheet.faces.fit(spec.x_label, box.width + 0.8, LABEL)
    sheet.text(box.left + box.width / 2, box.bottom + deep + 0.06 + 0.11, name, ha="center")
    bar.draw(spec.scale, sheet, box)


def keys(spec: TokenGrid) -> list[Key]:
    """Legend entries: categories, if the scale has any."""
    return bar.keys(spec.scale)


def _readable(wide: float, faces: Faces) -> bool:
    """Whether a cell is wide enough for three letters and an ellipsis."""
    return faces.width("the…", SMALLEST) <= 0.94 * wide


def _columns(spec: TokenGrid, faces: Faces, width: float) -> tuple[int, list[str]]:
    """Every how many-th token is written upright below the grid, and those tokens."""
    step = max(math.ceil(1.15 * TICK * len(spec.columns) / (72 * width) - 1e-9), 1)
    return step, [faces.fit(column, _DEEP, TICK) for column in spec.columns[::step]]


def _label_rows(spec: TokenGrid, sheet: Sheet, box: Box, high: float) -> None:
    step = max(math.ceil(1.1 * SMALLEST / (72 * high) - 1e-9), 1)
    size = TICK if 72 * high > 1.1 * TICK else SMALLEST
    words = [sheet.faces.fit(row, _SHARE * sheet.width, size) for row in spec.rows]
    for i in range(0, len(words), step):
        middle = box.top + (i + 0.5) * high
        sheet.text(box.left - 0.04, middle, words[i], size, ha="right", va="center_baseline")
    left = box.left - 0.08 - max(sheet.faces.width(word, size) for word in words)
    name = sheet.faces.fit(spec.y_label, box.height + 0.1, LABEL)
    sheet.text(left, box.top + box.height / 2, name, LABEL, rotation=90, ha="right", va="center")
