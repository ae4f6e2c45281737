"""Layer x head grids on paper: kinds of layers in a lettered strip, brackets under heads that share keys and values."""

from __future__ import annotations

import math

import numpy as np

from workbench.figures import colours
from workbench.figures.paper import bar
from workbench.figures.paper.fonts import Faces
from workbench.figures.paper.frame import Frame
from workbench.figures.paper.legend import Key
from workbench.figures.paper.sheet import LABEL, LINE, REFERENCE, SMALLEST, TICK, Box, Sheet
from workbench.figures.spec import HeadGrid
from workbench.figures.ticks import cell_text

_STRIP = 0.13  # inches: width of the strip that shows the kinds of layers
_NUMBER = 0.18  # inches for a layer's number
_BRACKET = 0.13  # inches for brackets and their names
_WIDE, _HIGH, _TALL = 0.62, 0.24, 7.0  # largest cell, tallest grid, in inches


def frame(spec: HeadGrid, faces: Faces, width: float, with_bar: bool = True) -> Frame:
    """The room of the grid; cells are never wider than they need to be for two digits."""
    layers, heads = spec.values.shape
    left = LINE + _NUMBER + _STRIP + 0.06
    plot, right, height = 0.0, 0.0, 0.5 * width
    for _ in range(2):  # the bar's name wraps by the height, which hangs on the bar's room
        right = bar.room(spec.scale, faces, height) if with_bar else 0.04
        plot = min(width - left - right, _WIDE * heads)
        height = layers * min(max(0.7 * plot / heads, 0.125), _HIGH, _TALL / layers)
        height = max(height, 0.6)
    below = 0.14 + LINE + (_BRACKET if spec.group > 1 else 0)
    return Frame(left, right, below, plot, height)


def draw(spec: HeadGrid, sheet: Sheet, box: Box, with_bar: bool = True) -> None:
    """Draw the grid into `box`; numbers are printed in the cells if asked and if they fit at six points."""
    layers, heads = spec.values.shape
    axes = sheet.axes(box, frame=False)
    cells = colours.paint(spec.scale, spec.values)
    axes.imshow(cells, aspect="auto", interpolation="none", extent=(0, heads, layers, 0))
    high, wide = box.height / layers, box.width / heads
    rule = {"color": "white", "linewidth": 0.4}
    for i in range(1, layers):
        sheet.line([(box.left, box.top + i * high), (box.right, box.top + i * high)], **rule)
    for j in range(1, heads):
        apart = {"linewidth": 1.6} if spec.group > 1 and j % spec.group == 0 else {}
        sheet.line([(box.left + j * wide, box.top), (box.left + j * wide, box.bottom)], **{**rule, **apart})
    if spec.text:
        _print_values(spec, sheet, box, cells)
    _label_layers(spec, sheet, box)
    _label_heads(spec, sheet, box)
    if with_bar:
        bar.draw(spec.scale, sheet, box)


def keys(spec: HeadGrid) -> list[Key]:
    """Legend entries: the letters of the kinds of layers that occur, and categories."""
    kinds = [kind for kind in ("local", "global") if kind in spec.kinds]
    entries = [Key(colours.KIND_HELP[kind], colours.kind(kind), letter=colours.KIND_LETTER[kind]) for kind in kinds]
    return bar.keys(spec.scale) + entries


def _print_values(spec: HeadGrid, sheet: Sheet, box: Box, cells: np.ndarray) -> None:
    layers, heads = spec.values.shape
    words = {(i, j): cell_text(v) for (i, j), v in np.ndenumerate(spec.values) if not np.isnan(v)}
    high, wide = box.height / layers, box.width / heads
    widest = max((sheet.faces.width(word, SMALLEST) for word in words.values()), default=0)
    if 72 * high < 1.1 * SMALLEST or widest > 0.95 * wide:
        return
    size = min(TICK, 72 * high / 1.3, SMALLEST * 0.9 * wide / widest if widest else TICK)
    for (i, j), word in words.items():
        place = box.left + (j + 0.5) * wide, box.top + (i + 0.5) * high
        ink = colours.ink_on(cells[i, j])
        sheet.text(*place, word, max(size, SMALLEST), color=ink, ha="center", va="center_baseline")


def _label_layers(spec: HeadGrid, sheet: Sheet, box: Box) -> None:
    """Numbers and the lettered strip left of the grid; numbers thin out when rows are low, letters shrink away."""
    layers = len(spec.kinds)
    high = box.height / layers
    step = max(math.ceil(1.1 * SMALLEST / (72 * high) - 1e-9), 1)
    left = box.left - 0.04 - _STRIP
    for i, kind in enumerate(spec.kinds):
        colour, middle = colours.kind(kind), box.top + (i + 0.5) * high
        inset = min(0.01, high / 10)
        sheet.rectangle(Box(left, box.top + i * high + inset, _STRIP, high - 2 * inset), facecolor=colour)
        if step == 1:
            ink = colours.ink_on(colours.rgb(colour))
            letter = colours.KIND_LETTER[kind]
            sheet.text(left + _STRIP / 2, middle, letter, SMALLEST, color=ink, ha="center", va="center_baseline")
        if i % step == 0:
            size = TICK if 72 * high > 1.1 * TICK else SMALLEST
            sheet.text(left - 0.03, middle, str(i), size, ha="right", va="center_baseline")
    middle = box.top + box.height / 2
    sheet.text(left - 0.05 - _NUMBER, middle, "layer", LABEL, rotation=90, ha="right", va="center")


def _label_heads(spec: HeadGrid, sheet: Sheet, box: Box) -> None:
    """Numbers below the grid; below them a bracket for each group of heads with one key/value head."""
    heads = spec.values.shape[1]
    wide = box.width / heads
    step = max(math.ceil((sheet.faces.width("00", TICK) + 0.03) / wide - 1e-9), 1)
    for j in range(0, heads, step):
        sheet.text(box.left + (j + 0.5) * wide, box.bottom + 0.12, str(j), TICK, ha="center")
    named = box.bottom + 0.14
    if spec.group > 1:
        _bracket(spec, sheet, box, wide)
        named += _BRACKET
    sheet.text(box.left + box.width / 2, named + 0.12, "head", LABEL, ha="center")


def _bracket(spec: HeadGrid, sheet: Sheet, box: Box, wide: float) -> None:
    groups = spec.values.shape[1] // spec.group
    span = spec.group * wide
    short = sheet.faces.width(f"kv {groups - 1}", SMALLEST) + 0.04 > span
    top = box.bottom + 0.16
    for g in range(groups):
        left, right = box.left + g * span + 0.12 * wide, box.left + (g + 1) * span - 0.12 * wide
        sheet.line([(left, top - 0.025), (left, top), (right, top), (right, top - 0.025)], color=REFERENCE)
        # Narrow groups: the number alone, and "kv" once at the start of the row.
        words = str(g) if short else f"kv {g}"
        if not short or sheet.faces.width(str(groups), SMALLEST) + 0.02 < span:
            sheet.text((left + right) / 2, top + 0.1, words, SMALLEST, ha="center")
    if short:
        sheet.text(box.left - 0.05, top + 0.1, "kv", SMALLEST, ha="right")
