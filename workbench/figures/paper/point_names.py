"""Names of the points of a scatter plot, none over another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from gemma2_workbench.figures.paper.sheet import INK, Box, Sheet
from gemma2_workbench.figures.spec import Scatter

_WIDEST = 1.0  # inches
_APART = 0.07  # inches from a point to its name


def write(spec: Scatter, named: Sequence[int], sheet: Sheet, axes: Axes, box: Box) -> None:
    """Write these points' names to the right, left, above or below, where there is room; else leave them out."""
    (x_low, x_high), (y_low, y_high) = axes.get_xlim(), axes.get_ylim()
    size = sheet.sizes.smallest
    points = [
        (
            box.left + box.width * (x - x_low) / (x_high - x_low),
            box.bottom - box.height * (y - y_low) / (y_high - y_low),
        )
        for x, y in zip(spec.x, spec.y, strict=True)
    ]
    # The points themselves are obstacles, too.
    taken = [Box(x - 0.03, y - 0.03, 0.06, 0.06) for x, y in points if np.isfinite(x + y)]
    for at in named:
        x, y = points[at]
        if not np.isfinite(x + y):
            continue
        words = sheet.faces.fit(spec.labels[at], _WIDEST, size)
        wide, high = sheet.faces.width(words, size), 1.1 * size / 72
        for left, top in (
            (x + _APART, y - high / 2),
            (x - _APART - wide, y - high / 2),
            (x - wide / 2, y - _APART - high),
            (x - wide / 2, y + _APART),
        ):
            place = Box(left, top, wide, high)
            if _inside(place, box) and not any(_touch(place, other) for other in taken):
                sheet.text(left, top + high / 2, words, size, color=INK, va="center_baseline")
                taken.append(place)
                break


def _inside(place: Box, box: Box) -> bool:
    return place.left >= box.left and place.right <= box.right and place.top >= box.top and place.bottom <= box.bottom


def _touch(one: Box, other: Box) -> bool:
    apart = one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top
    return not apart
