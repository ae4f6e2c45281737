"""Layer x head grids on paper: kinds of layers in a lettered strip, brackets under heads that share keys and values."""

from __future__ import annotations

import math

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.layer_kinds import layer_kinds
from gemma2_workbench.figures.paper import colorbar, negative_marks
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import REFERENCE, THINNEST, Box, Frame, Sheet, show_cells
from gemma2_workbench.figures.spec import HeadGrid
from gemma2_workbench.figures.ticks import cell_text

_WIDE, _HIGH, _TALL = 0.62, 0.24, 7.0  # largest cell, tallest grid, in inches


def frame(spec: HeadGrid, faces: Faces, width: float, with_bar: bool = True, squeeze: float = 1.0) -> Frame:
    """The room of the grid; cells are as wide as two digits need at most, and never lower than a line of type."""
    layers, heads = spec.values.shape
    sizes = faces.sizes
    left = sizes.line + _number(faces) + sizes.small_line + 0.06
    plot, right, height = 0.0, 0.0, 0.5 * width
    for _ in range(2):  # the bar's name wraps by the height, which hangs on the bar's room
        right = colorbar.room(spec.scale, faces, height) if with_bar else 0.04
        plot = min(width - left - right, _WIDE * heads)
        high = squeeze * min(max(0.7 * plot / heads, 0.125), _HIGH)
        height = max(layers * min(max(high, 1.12 * sizes.smallest / 72), _TALL / layers), 0.6)
    if with_bar:
        right = colorbar.room(spec.scale, faces, height)
        plot = min(width - left - right, plot)
    below = sizes.tick_line + 0.02 + sizes.line + (sizes.small_line if spec.group > 1 else 0)
    return Frame(left, right, below, plot, height)


def draw(spec: HeadGrid, sheet: Sheet, box: Box, with_bar: bool = True) -> None:
    """Draw the grid into `box`; numbers are printed in the cells if asked and if they fit at six points."""
    layers, heads = spec.values.shape
    axes = sheet.axes(box, frame=False)
    cells = colours.paint(spec.scale, spec.values)
    show_cells(axes, cells, (0, heads, layers, 0))
    high, wide = box.height / layers, box.width / heads
    rule = {"color": "white", "linewidth": THINNEST}
    for i in range(1, layers):
        sheet.line([(box.left, box.top + i * high), (box.right, box.top + i * high)], **rule)
    for j in range(1, heads):
        apart = {"linewidth": 1.6} if spec.group > 1 and j % spec.group == 0 else {}
        sheet.line([(box.left + j * wide, box.top), (box.left + j * wide, box.bottom)], **{**rule, **apart})
    printed = spec.text and _print_values(spec, sheet, box, cells)
    if not printed:
        negative_marks.dash(axes, box, spec.scale, spec.values, (0, 0))
    _label_layers(spec, sheet, box)
    _label_heads(spec, sheet, box)
    if with_bar:
        colorbar.draw(spec.scale, sheet, box)


def keys(spec: HeadGrid) -> list[Key]:
    """Legend entries: the letters of the kinds of layers that occur, and categories."""
    entries = [Key(kind.words, kind.light, letter=kind.letter) for kind in layer_kinds(spec.kinds).values()]
    return colorbar.keys(spec.scale) + negative_marks.keys(spec.scale, spec.values) + entries


def _print_values(spec: HeadGrid, sheet: Sheet, box: Box, cells: np.ndarray) -> bool:
    """Print the numbers, all or none, and say which."""
    layers, heads = spec.values.shape
    words = {(i, j): cell_text(v) for (i, j), v in np.ndenumerate(spec.values) if not np.isnan(v)}
    high, wide = box.height / layers, box.width / heads
    smallest, tick = sheet.sizes.smallest, sheet.sizes.tick
    widest = max((sheet.faces.width(word, smallest) for word in words.values()), default=0)
    if 72 * high < 1.1 * smallest or widest > 0.88 * wide:
        return False
    size = min(tick, 72 * high / 1.3, smallest * 0.9 * wide / widest if widest else tick)
    for (i, j), word in words.items():
        place = box.left + (j + 0.5) * wide, box.top + (i + 0.5) * high
        ink = colours.ink_on(cells[i, j])
        sheet.text(*place, word, max(size, smallest), color=ink, ha="center", va="center_baseline")
    return True


def _label_layers(spec: HeadGrid, sheet: Sheet, box: Box) -> None:
    """Numbers and the lettered strip left of the grid; numbers thin out when rows are low, letters shrink away."""
    layers, looks = len(spec.kinds), layer_kinds(spec.kinds)
    sizes, strip = sheet.sizes, sheet.sizes.small_line
    high = box.height / layers
    step = max(math.ceil(1.1 * sizes.smallest / (72 * high) - 1e-9), 1)
    left = box.left - 0.04 - strip
    for i, kind in enumerate(spec.kinds):
        colour, middle = looks[kind].light, box.top + (i + 0.5) * high
        inset = min(0.01, high / 10)
        sheet.rectangle(Box(left, box.top + i * high + inset, strip, high - 2 * inset), facecolor=colour)
        if step == 1:
            ink = colours.ink_on(colours.rgb(colour))
            letter = looks[kind].letter
            sheet.text(left + strip / 2, middle, letter, sizes.smallest, color=ink, ha="center", va="center_baseline")
        if i % step == 0:
            size = sizes.tick if 72 * high > 1.1 * sizes.tick else sizes.smallest
            sheet.text(left - 0.03, middle, str(i), size, ha="right", va="center_baseline")
    middle = box.top + box.height / 2
    sheet.text(left - 0.05 - _number(sheet.faces), middle, "layer", rotation=90, ha="right", va="center")


def _number(faces: Faces) -> float:
    """Inches for a layer's number."""
    return faces.width("00", faces.sizes.tick) + 0.05


def _label_heads(spec: HeadGrid, sheet: Sheet, box: Box) -> None:
    """Numbers below the grid; below them a bracket for each group of heads with one key/value head."""
    heads = spec.values.shape[1]
    sizes = sheet.sizes
    wide = box.width / heads
    step = max(math.ceil((sheet.faces.width("00", sizes.tick) + 0.03) / wide - 1e-9), 1)
    for j in range(0, heads, step):
        sheet.text(box.left + (j + 0.5) * wide, box.bottom + sizes.tick_line, str(j), sizes.tick, ha="center")
    named = box.bottom + sizes.tick_line + 0.02
    if spec.group > 1:
        _bracket(spec, sheet, box, wide)
        named += sizes.small_line
    sheet.text(box.left + box.width / 2, named + 1.08 * sizes.label / 72, "head", ha="center")


def _bracket(spec: HeadGrid, sheet: Sheet, box: Box, wide: float) -> None:
    groups = spec.values.shape[1] // spec.group
    span = spec.group * wide
    smallest = sheet.sizes.smallest
    short = sheet.faces.width(f"kv {groups - 1}", smallest) + 0.04 > span
    top = box.bottom + sheet.sizes.tick_line + 0.04
    for g in range(groups):
        left, right = box.left + g * span + 0.12 * wide, box.left + (g + 1) * span - 0.12 * wide
        sheet.line([(left, top - 0.025), (left, top), (right, top), (right, top - 0.025)], color=REFERENCE)
        # Narrow groups: the number alone, and "kv" once at the start of the row.
        words = str(g) if short else f"kv {g}"
        if not short or sheet.faces.width(str(groups), smallest) + 0.02 < span:
            sheet.text((left + right) / 2, top + 0.02 + smallest / 72, words, smallest, ha="center")
    if short:
        sheet.text(box.left - 0.05, top + 0.02 + smallest / 72, "kv", smallest, ha="right")
