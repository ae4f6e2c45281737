"""Colour bars on paper, standing beside a plot or lying below it, always named after the quantity."""

from __future__ import annotations

import numpy as np

from workbench.figures import colours
from workbench.figures.paper.fonts import Faces
from workbench.figures.paper.legend import Key
from workbench.figures.paper.sheet import LABEL, LINE, TICK, Box, Sheet
from workbench.figures.scale import Scale
from workbench.figures.ticks import tick_text

_GAP, _THICK, _TICK = 0.07, 0.09, 0.04  # inches
LYING = 0.36  # inches that a lying bar takes with its numbers


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
    numbers = max(faces.width(tick_text(tick), TICK) for tick in scale.ticks())
    return _GAP + _THICK + _TICK + numbers + 0.04 + LINE * len(faces.wrap(scale.label, height, LABEL))


def draw(scale: Scale, sheet: Sheet, plot: Box) -> None:
    """A standing bar to the right of `plot`, as high as the plot."""
    if scale.kind == "categorical":
        return
    box = Box(plot.right + _GAP, plot.top, _THICK, plot.height)
    axes = sheet.axes(box, frame=False)
    axes.imshow(colours.lut(scale.kind)[::-1, None], aspect="auto", interpolation="none", extent=(0, 1, 0, 1))
    widest = 0.0
    for tick, place in _spread(scale, plot.height, 0.11):
        y = box.bottom - place * box.height
        words = tick_text(tick)
        sheet.line([(box.right, y), (box.right + 0.025, y)], linewidth=0.5)
        sheet.text(box.right + _TICK, y, words, TICK, va="center_baseline")
        widest = max(widest, sheet.faces.width(words, TICK))
    lines = sheet.faces.wrap(scale.label, plot.height, LABEL)
    x, middle = box.right + _TICK + widest + 0.04 + LINE * len(lines) / 2, box.top + box.height / 2
    upright = {"rotation": 90, "ha": "center", "va": "center", "linespacing": 1.1}
    sheet.text(x, middle, "\n".join(lines), LABEL, **upright)


def draw_lying(scale: Scale, sheet: Sheet, left: float, top: float, width: float) -> None:
    """A bar that lies at (left, top), at most 1.4 inches long, its name to its right."""
    if scale.kind == "categorical":
        return
    box = Box(left + 0.05, top + 0.04, min(1.4, width / 2), _THICK)
    axes = sheet.axes(box, frame=False)
    axes.imshow(colours.lut(scale.kind)[None], aspect="auto", interpolation="none", extent=(0, 1, 0, 1))
    for tick, place in _spread(scale, box.width, 0.24):
        x = box.left + place * box.width
        sheet.line([(x, box.bottom), (x, box.bottom + 0.025)], linewidth=0.5)
        sheet.text(x, box.bottom + 0.13, tick_text(tick), TICK, ha="center")
    words = sheet.faces.fit(scale.label, width - box.width - 0.25, LABEL)
    sheet.text(box.right + 0.14, box.top + _THICK / 2, words, LABEL, va="center_baseline")


def _spread(scale: Scale, length: float, pitch: float) -> list[tuple[float, float]]:
    """The scale's ticks with their places 0..1 along `length` inches, at least `pitch` inches apart, ends first."""
    ticks = scale.ticks()
    places = np.asarray(scale.position(ticks))
    kept: list[int] = []
    for i in (0, len(ticks) - 1, *range(1, len(ticks) - 1)):
        if all(abs(places[i] - places[j]) * length >= pitch for j in kept):
            kept.append(i)
    return [(float(ticks[i]), float(places[i])) for i in sorted(kept)]
