"""Colour bars on paper, standing beside a plot or lying below it, always named after the quantity."""

from __future__ import annotations

import numpy as np

from workbench.figures import colours
from workbench.figures.paper.fonts import Faces
from workbench.figures.paper.legend import Key
from workbench.figures.paper.sheet import THINNEST, Box, Sheet
from workbench.figures.scale import Scale
from workbench.figures.ticks import tick_text

_GAP, _THICK, _TICK = 0.07, 0.09, 0.04  # inches


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
    letters = faces.letters
    numbers = max(faces.width(tick_text(tick), letters.tick) for tick in scale.ticks())
    lines = faces.wrap(scale.label, height, letters.label)
    return _GAP + _THICK + _TICK + numbers + 0.04 + letters.line * len(lines)


def lying(scale: Scale, faces: Faces) -> float:
    """Inches below a plot that its lying bar needs with its numbers."""
    return 0.02 if scale.kind == "categorical" else 0.24 + faces.letters.tick_line


def draw(scale: Scale, sheet: Sheet, plot: Box) -> None:
    """A standing bar to the right of `plot`, as high as the plot."""
    if scale.kind == "categorical":
        return
    box = Box(plot.right + _GAP, plot.top, _THICK, plot.height)
    axes = sheet.axes(box, frame=False)
    axes.imshow(colours.lut(scale.kind)[::-1, None], aspect="auto", interpolation="none", extent=(0, 1, 0, 1))
    widest, letters = 0.0, sheet.letters
    for tick, place in _spread(scale, plot.height, 0.92 * letters.tick_line):
        y = box.bottom - place * box.height
        words = tick_text(tick)
        sheet.line([(box.right, y), (box.right + 0.025, y)], linewidth=THINNEST)
        sheet.text(box.right + _TICK, y, words, letters.tick, va="center_baseline")
        widest = max(widest, sheet.faces.width(words, letters.tick))
    lines = sheet.faces.wrap(scale.label, plot.height, letters.label)
    x, middle = box.right + _TICK + widest + 0.04 + letters.line * len(lines) / 2, box.top + box.height / 2
    upright = {"rotation": 90, "ha": "center", "va": "center", "linespacing": 1.1}
    sheet.text(x, middle, "\n".join(lines), **upright)


def draw_lying(scale: Scale, sheet: Sheet, left: float, top: float, width: float) -> None:
    """A bar that lies at (left, top), 1 to 1.4 inches long as its name to its right leaves room."""
    if scale.kind == "categorical":
        return
    left_over = width - 0.25 - sheet.faces.width(scale.label, sheet.letters.label) - 0.01
    box = Box(left + 0.05, top + 0.04, min(max(1.0, left_over), 1.4, width / 2), _THICK)
    axes = sheet.axes(box, frame=False)
    axes.imshow(colours.lut(scale.kind)[None], aspect="auto", interpolation="none", extent=(0, 1, 0, 1))
    size = sheet.letters.tick
    for tick, place in _spread(scale, box.width, sheet.faces.width("0.00", size) + 0.04):
        x = box.left + place * box.width
        sheet.line([(x, box.bottom), (x, box.bottom + 0.025)], linewidth=THINNEST)
        sheet.text(x, box.bottom + 0.01 + sheet.letters.tick_line, tick_text(tick), size, ha="center")
    words = sheet.faces.fit(scale.label, width - box.width - 0.25, sheet.letters.label)
    sheet.text(box.right + 0.14, box.top + _THICK / 2, words, va="center_baseline")


def _spread(scale: Scale, length: float, pitch: float) -> list[tuple[float, float]]:
    """The scale's ticks with their places 0..1 along `length` inches, at least `pitch` inches apart, ends first."""
    ticks = scale.ticks()
    places = np.asarray(scale.position(ticks))
    kept: list[int] = []
    for i in (0, len(ticks) - 1, *range(1, len(ticks) - 1)):
        if all(abs(places[i] - places[j]) * length >= pitch for j in kept):
            kept.append(i)
    return [(float(ticks[i]), float(places[i])) for i in sorted(kept)]
