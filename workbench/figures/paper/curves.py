"""Curves, scatter plots and histograms on paper."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper import point_names
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import FAINT, INK, REFERENCE, THINNEST, Box, Frame, Sheet
from gemma2_workbench.figures.paper.x_axis import below, name_x, x_ticks
from gemma2_workbench.figures.spec import Curve, Guide, Histogram, Scatter
from gemma2_workbench.figures.ticks import log_padded, log_ticks, padded, round_ticks, tick_text

Plot = Curve | Scatter | Histogram

_SIGNS = ("o", "^", "s", "D")  # of groups of points, beside their colours
_NAMED = 12  # points that get their labels printed
_MANY = 1500  # points from which on a scatter plot is a picture inside the vector figure


def frame(spec: Plot, faces: Faces, width: float, squeeze: float = 1.0) -> Frame:
    """The room of a plot with numbers on both axes."""
    sizes = faces.sizes
    numbers = max(faces.width(tick_text(tick), sizes.tick) for tick in _y_ticks(spec, *_ranges(spec)[1]))
    left = sizes.line + 0.1 + numbers
    # A long name of the y axis wraps, and takes the room of its lines from the plot.
    left += sizes.line * (len(_y_name(spec, faces, squeeze * _height(width - left))) - 1)
    plot = width - left - 0.1
    return Frame(left, 0.1, below(spec.x_label, faces, plot), plot, squeeze * _height(width - left))


def draw(spec: Plot, sheet: Sheet, box: Box) -> None:
    """Draw the plot into `box`."""
    axes = sheet.axes(box)
    axes.set_axisbelow(True)
    (x_low, x_high), (y_low, y_high) = _ranges(spec)
    if not isinstance(spec, Scatter) and spec.logarithmic:
        axes.set(xscale="log", yscale="linear" if isinstance(spec, Histogram) else "log")
        axes.minorticks_off()
    axes.set(xlim=(x_low, x_high), ylim=(y_low, y_high))
    along = log_ticks if not isinstance(spec, Scatter) and spec.logarithmic else round_ticks
    x_numbers, y_numbers = x_ticks(x_low, x_high, box.width, sheet.faces, along), _y_ticks(spec, y_low, y_high)
    axes.set_xticks(x_numbers, [tick_text(tick) for tick in x_numbers])
    axes.set_yticks(y_numbers, [tick_text(tick) for tick in y_numbers])
    axes.grid(color=FAINT, linewidth=THINNEST)
    match spec:
        case Scatter():
            _draw_points(spec, sheet, axes, box)
        case Curve():
            _draw_series(spec, axes)
        case Histogram():
            axes.stairs(spec.values, spec.edges, fill=True, color=colours.SERIES[0], linewidth=0)
    for guide in spec.guides:
        _draw_guide(guide, sheet, axes, box)
    name_x(spec.x_label, sheet, box)
    widest = max(sheet.faces.width(tick_text(tick), sheet.sizes.tick) for tick in y_numbers)
    words = "\n".join(_y_name(spec, sheet.faces, box.height))
    upright = {"rotation": 90, "ha": "right", "va": "center", "multialignment": "center"}
    sheet.text(box.left - widest - 0.08, box.top + box.height / 2, words, **upright)


def keys(spec: Plot) -> list[Key]:
    """Legend entries: the series when there are several, the groups of points, and their reference curve."""
    if isinstance(spec, Curve) and len(spec.series) > 1:
        return [Key(s.name, colours.series(i), dash=colours.dash(i)[1]) for i, s in enumerate(spec.series)]
    if not isinstance(spec, Scatter):
        return []
    groups = [
        Key(name, colours.series(i), sign=_SIGNS[i % len(_SIGNS)])
        for i, name in enumerate(spec.parts if spec.groups else ())
    ]
    return groups + ([] if spec.curve is None else [Key(spec.curve.name, REFERENCE, dash="solid")])


def _height(width: float) -> float:
    """The height of a plot of this width, all in inches."""
    return min(0.62 * width, 3.2)


def _y_name(spec: Plot, faces: Faces, height: float) -> list[str]:
    """The name of the y axis in lines that fit beside a plot of this height."""
    return faces.axis_name(spec.y_label, height + 0.1)


def _ranges(spec: Plot) -> tuple[tuple[float, float], tuple[float, float]]:
    """The x and y range that holds all the data and the guides."""
    if isinstance(spec, Histogram):
        return (float(spec.edges[0]), float(spec.edges[-1])), (0.0, 1.05 * float(np.nanmax(spec.values)) or 1.0)
    data: list = list(spec.series) if isinstance(spec, Curve) else [spec, *([spec.curve] if spec.curve else [])]
    at = {axis: [guide.at for guide in spec.guides if guide.axis == axis] for axis in "xy"}
    holding = log_padded if isinstance(spec, Curve) and spec.logarithmic else padded
    return holding(*(d.x for d in data), *at["x"]), holding(*(d.y for d in data), *at["y"])


def _y_ticks(spec: Plot, low: float, high: float) -> np.ndarray:
    return (log_ticks if isinstance(spec, Curve) and spec.logarithmic else round_ticks)(low, high)


def _draw_series(spec: Curve, axes: Axes) -> None:
    for i, series in enumerate(spec.series):
        marker = {"marker": "o", "markersize": 2.2} if series.x.size <= 30 else {}
        axes.plot(series.x, series.y, color=colours.series(i), ls=colours.dash(i)[1], linewidth=1.2, **marker)


def _draw_points(spec: Scatter, sheet: Sheet, axes: Axes, box: Box) -> None:
    if spec.curve is not None:
        axes.plot(spec.curve.x, spec.curve.y, color=REFERENCE, linewidth=1, zorder=1)
    area = 9.0 if spec.size is None else 3 + 45 * spec.size / (spec.size.max() or 1)
    for i, at in enumerate(spec.parts.values()):
        axes.scatter(
            spec.x[at],
            spec.y[at],
            s=area if spec.size is None else np.asarray(area)[at],
            marker=_SIGNS[i % len(_SIGNS)] if spec.groups else "o",
            color=colours.series(i),
            alpha=0.6,
            linewidths=0,
            rasterized=spec.x.size > _MANY,
        )
    named = spec.named or (range(len(spec.labels)) if len(spec.labels) <= _NAMED else ())
    if named:
        point_names.write(spec, named, sheet, axes, box)


def _draw_guide(guide: Guide, sheet: Sheet, axes: Axes, box: Box) -> None:
    """A dashed line with its label inside the plot, at the far end."""
    smallest = sheet.sizes.smallest
    words = sheet.faces.fit(guide.label, 0.7 * (box.height if guide.axis == "x" else box.width), smallest)
    style = {"color": REFERENCE, "linewidth": 0.7, "ls": "dashed"}
    text = {"textcoords": "offset points", "size": smallest, "color": INK, "ha": "right"}
    if guide.axis == "x":
        axes.axvline(guide.at, **style)
        place = {"xycoords": ("data", "axes fraction"), "xytext": (-1.5, -2), "va": "top", "rotation": 90}
        axes.annotate(words, (guide.at, 1), **text, **place)
    else:
        axes.axhline(guide.at, **style)
        place = {"xycoords": ("axes fraction", "data"), "xytext": (-2, 1.5), "va": "bottom"}
        axes.annotate(words, (1, guide.at), **text, **place)
