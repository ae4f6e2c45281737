"""Bars on paper, with their intervals."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.sheet import FAINT, INK, REFERENCE, THINNEST, Box, Frame, Sheet
from gemma2_workbench.figures.paper.x_axis import below, name_x, x_ticks
from gemma2_workbench.figures.spec import Bars
from gemma2_workbench.figures.ticks import padded, tick_text

_LONGEST = 1.2  # inches, at most, for the name of a bar


def frame(spec: Bars, faces: Faces, width: float) -> Frame:
    """The room of the bars with names on the left; they are never squeezed."""
    sizes = faces.sizes
    left = 0.06 + max(faces.width(faces.fit(name, _LONGEST, sizes.tick), sizes.tick) for name in spec.names)
    height = min(max(1.29 * sizes.tick_line * len(spec.names), 0.4), 7.5)
    plot = width - left - 0.1
    return Frame(left, 0.1, below(spec.label, faces, plot), plot, height)


def draw(spec: Bars, sheet: Sheet, box: Box) -> None:
    """Draw the bars into `box`."""
    axes = sheet.axes(box)
    axes.set_axisbelow(True)
    count = len(spec.names)
    # Paler under an interval, so that its line is seen on the bar and beside it.
    colour = colours.SERIES[0] if spec.low is None else colours.hex_of(colours.faded(colours.SERIES[0], 0.5))
    axes.barh(np.arange(count), np.nan_to_num(spec.values), height=0.72, color=colour)
    low, high = padded(*(part for part in (spec.values, spec.low, spec.high) if part is not None), 0.0, margin=0.03)
    ends = np.append(spec.values if spec.low is None else spec.low, 0)
    low, high = (0.0 if np.nanmin(ends) == 0 else low), (high if high > 0 else 0.0)
    ticks = x_ticks(low, high, box.width, sheet.faces)
    axes.set(xlim=(low, high), ylim=(count - 0.4, -0.6))
    axes.set_xticks(ticks, [tick_text(tick) for tick in ticks])
    _name_bars(spec, sheet, axes, box)
    axes.grid(axis="x", color=FAINT, linewidth=THINNEST)
    if low < 0:
        axes.axvline(0, color=REFERENCE, linewidth=0.6)
    _draw_intervals(spec, axes)
    name_x(spec.label, sheet, box)


def _name_bars(spec: Bars, sheet: Sheet, axes: Axes, box: Box) -> None:
    count, sizes = len(spec.names), sheet.sizes
    step = max(math.ceil(1.15 * sizes.smallest * count / (72 * box.height) - 1e-9), 1)
    places = np.arange(0, count, step)
    words = [sheet.faces.fit(spec.names[i], _LONGEST, sizes.tick) for i in places]
    axes.set_yticks(places, words, size=min(sizes.tick, 72 * box.height / len(places)), va="center_baseline")
    axes.tick_params(axis="y", length=0)


def _draw_intervals(spec: Bars, axes: Axes) -> None:
    """A line through the interval of each bar, and a dot on its value."""
    if spec.low is None or spec.high is None:
        return
    axes.hlines(np.arange(len(spec.names)), spec.low, spec.high, color=INK, linewidth=0.9)
    axes.plot(spec.values, np.arange(len(spec.names)), "o", color=INK, markersize=2.2)
