"""Colour bars on paper, standing beside a plot or lying below it, always named after the quantity."""

from __future__ import annotations

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import THINNEST, Box, Sheet, show_cells
from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.ticks import tick_text

_GAP, _THICK, _TICK = 0.07, 0.09, 0.04  # inches
_BEYOND = 0.2  # inches that the name of a standing bar may be longer than the bar


def keys(scale: Scale) -> list[Key]:
    """Legend entries that stand for a categorical scale; none for the others, which have a bar."""
    if scale.kind != "categorical":
        return []
    table = colours.lut(scale.kind)
    return [Key(scale.category(i), colours.hex_of(table[i % 256])) for i in range(scale.categories)]


def room(scale: Scale, faces: Faces, height: float) -> float:
    """Inches to the right of a plot `height` inches high that its standing bar needs."""
    if scale.kind == "categorical":
        return 0.04
    sizes = faces.sizes
    numbers = max(faces.width(tick_text(tick), sizes.tick) for tick in scale.ticks())
    lines = _name(scale, faces, height)
    return _GAP + _THICK + _TICK + numbers + 0.04 + sizes.line * len(lines)


def _name(scale: Scale, faces: Faces, height: float) -> list[str]:
    """The quantity in lines beside a bar `height` inches high."""
    return faces.balanced(scale.label, max(height + _BEYOND, 0.8), faces.sizes.label)


def lying(scale: Scale, faces: Faces, width: float) -> float:
    """Inches below a plot that its lying bar needs with its numbers and its name, in `width` inches."""
    if scale.kind == "categorical":
        return 0.02
    _, lines, beside = _lying(scale, faces, width)
    high = 0.24 + faces.sizes.tick_line
    named = faces.sizes.line * len(lines)
    return max(high, 0.06 + named) if beside else high + named


def _lying(scale: Scale, faces: Faces, width: float) -> tuple[float, list[str], bool]:
    """How long a lying bar is, the lines of its name, and whether they stand to its right; else they stand below it."""
    size = faces.sizes.label
    # 1 to 1.4 inches, as the name leaves room.
    left_over = width - 0.25 - faces.width(faces.printable(scale.label), size) - 0.01
    length = min(max(1.0, left_over), 1.4, width / 2)
    lines = faces.wrap(scale.label, width - length - 0.25, size)
    if max(faces.width(line, size) for line in lines) <= width - length - 0.25:
        return length, lines, True
    return min(1.4, width - 0.3), faces.wrap(scale.label, width - 0.05, size, strict=True), False


def draw(scale: Scale, sheet: Sheet, plot: Box) -> None:
    """A standing bar to the right of `plot`, as high as the plot."""
    if scale.kind == "categorical":
        return
    box = Box(plot.right + _GAP, plot.top, _THICK, plot.height)
    axes = sheet.axes(box, frame=False)
    show_cells(axes, colours.lut(scale.kind)[::-1, None], (0, 1, 0, 1))
    widest, sizes = 0.0, sheet.sizes
    for tick, place in _spread(scale, plot.height, 0.92 * sizes.tick_line):
        y = box.bottom - place * box.height
        words = tick_text(tick)
        sheet.line([(box.right, y), (box.right + 0.025, y)], linewidth=THINNEST)
        sheet.text(box.right + _TICK, y, words, sizes.tick, va="center_baseline")
        widest = max(widest, sheet.faces.width(words, sizes.tick))
    lines = _name(scale, sheet.faces, plot.height)
    x, middle = box.right + _TICK + widest + 0.04 + sizes.line * len(lines) / 2, box.top + box.height / 2
    upright = {"rotation": 90, "ha": "center", "va": "center", "linespacing": 1.1}
    sheet.text(x, middle, "\n".join(lines), **upright)


def draw_lying(scale: Scale, sheet: Sheet, left: float, top: float, width: float) -> None:
    """A bar that lies at (left, top) in `width` inches, its name to its right."""
    if scale.kind == "categorical":
        return
    length, lines, beside = _lying(scale, sheet.faces, width)
    box = Box(left + 0.05, top + 0.04, length, _THICK)
    axes = sheet.axes(box, frame=False)
    show_cells(axes, colours.lut(scale.kind)[None], (0, 1, 0, 1))
    size = sheet.sizes.tick
    for tick, place in _spread(scale, box.width, sheet.faces.width("0.00", size) + 0.04):
        x = box.left + place * box.width
        sheet.line([(x, box.bottom), (x, box.bottom + 0.025)], linewidth=THINNEST)
        sheet.text(x, box.bottom + 0.01 + sheet.sizes.tick_line, tick_text(tick), size, ha="center")
    x, first = (box.right + 0.14, _THICK / 2) if beside else (box.left, 0.2 + 1.5 * sheet.sizes.tick_line)
    for i, words in enumerate(lines):
        sheet.text(x, box.top + first + i * sheet.sizes.line, words, va="center_baseline")


def _spread(scale: Scale, length: float, pitch: float) -> list[tuple[float, float]]:
    """The scale's ticks with their places 0..1 along `length` inches, at least `pitch` inches apart, ends first."""
    ticks = scale.ticks()
    places = np.asarray(scale.position(ticks))
    kept: list[int] = []
    for i in (0, len(ticks) - 1, *range(1, len(ticks) - 1)):
        if all(abs(places[i] - places[j]) * length >= pitch for j in kept):
            kept.append(i)
    return [(float(ticks[i]), float(places[i])) for i in sorted(kept)]
