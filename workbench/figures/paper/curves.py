"""Curves, scatter plots and bars on paper."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper import point_names
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import FAINT, INK, REFERENCE, THINNEST, Box, Frame, Sheet
from gemma2_workbench.figures.spec import Bars, Curve, Guide, Scatter
from gemma2_workbench.figures.ticks import log_padded, log_ticks, padded, round_ticks, tick_text

_AROUND = 0.2  # inches that the name of the x axis may be wider than the plot
_LONGEST = 1.2  # inches, at most, for the name of a bar
_NAMED = 12  # points that get their labels printed
_MANY = 1500  # points from which on a scatter plot is a picture inside the vector figure


def frame(spec: Curve | Scatter | Bars, faces: Faces, width: float, squeeze: float = 1.0) -> Frame:
    """The room of a plot with numbers on both axes, or with names on the left for bars, which are never squeezed."""
    sizes = faces.sizes
    size = sizes.tick
    if isinstance(spec, Bars):
        left = 0.06 + max(faces.width(faces.fit(name, _LONGEST, size), size) for name in spec.names)
        height = min(max(1.29 * sizes.tick_line * len(spec.names), 0.4), 7.5)
    else:
        numbers = max(faces.width(tick_text(tick), size) for tick in _ticks(spec, *_ranges(spec)[1]))
        left = sizes.line + 0.1 + numbers
        # A long name of the y axis wraps, and takes the room of its lines from the plot.
        left += sizes.line * (len(_y_name(spec, faces, squeeze * _height(width - left))) - 1)
        height = squeeze * _height(width - left)
    plot = width - left - 0.1
    named = len(faces.axis_name(spec.label if isinstance(spec, Bars) else spec.x_label, plot + _AROUND))
    return Frame(left, 0.1, sizes.tick_line + 0.02 + sizes.line * named, plot, height)


def draw(spec: Curve | Scatter | Bars, sheet: Sheet, box: Box) -> None:
    """Draw the plot into `box`."""
    axes = sheet.axes(box)
    axes.set_axisbelow(True)
    if isinstance(spec, Bars):
        _draw_bars(spec, sheet, axes, box)
        return
    (x_low, x_high), (y_low, y_high) = _ranges(spec)
    if _logarithmic(spec):
        axes.set(xscale="log", yscale="log")
        axes.minorticks_off()
    axes.set(xlim=(x_low, x_high), ylim=(y_low, y_high))
    x_ticks, y_ticks = _x_ticks(spec, x_low, x_high, box.width, sheet.faces), _ticks(spec, y_low, y_high)
    axes.set_xticks(x_ticks, [tick_text(tick) for tick in x_ticks])
    axes.set_yticks(y_ticks, [tick_text(tick) for tick in y_ticks])
    axes.grid(color=FAINT, linewidth=THINNEST)
    if isinstance(spec, Scatter):
        _draw_points(spec, sheet, axes, box)
    else:
        _draw_series(spec, axes)
    for guide in spec.guides:
        _draw_guide(guide, sheet, axes, box)
    _name_x(spec.x_label, sheet, box)
    widest = max(sheet.faces.width(tick_text(tick), sheet.sizes.tick) for tick in y_ticks)
    words = "\n".join(_y_name(spec, sheet.faces, box.height))
    upright = {"rotation": 90, "ha": "right", "va": "center", "multialignment": "center"}
    sheet.text(box.left - widest - 0.08, box.top + box.height / 2, words, **upright)


def keys(spec: Curve | Scatter | Bars) -> list[Key]:
    """Legend entries: the series when there are several, and a scatter plot's reference curve."""
    if isinstance(spec, Curve) and len(spec.series) > 1:
        return [Key(s.name, colours.series(i), dash=colours.dash(i)[1]) for i, s in enumerate(spec.series)]
    if isinstance(spec, Scatter) and spec.curve is not None:
        return [Key(spec.curve.name, REFERENCE, dash="solid")]
    return []


def _height(width: float) -> float:
    """The height of a plot of this width, all in inches."""
    return min(0.62 * width, 3.2)


def _y_name(spec: Curve | Scatter, faces: Faces, height: float) -> list[str]:
    """The name of the y axis in lines that fit beside a plot of this height."""
    return faces.axis_name(spec.y_label, height + 0.1)


def _ranges(spec: Curve | Scatter) -> tuple[tuple[float, float], tuple[float, float]]:
    """The x and y range that holds all the data and the guides."""
    data: list = list(spec.series) if isinstance(spec, Curve) else [spec, *([spec.curve] if spec.curve else [])]
    at = {axis: [guide.at for guide in spec.guides if guide.axis == axis] for axis in "xy"}
    holding = log_padded if _logarithmic(spec) else padded
    return holding(*(d.x for d in data), *at["x"]), holding(*(d.y for d in data), *at["y"])


def _logarithmic(spec: Curve | Scatter | Bars) -> bool:
    return isinstance(spec, Curve) and spec.logarithmic


def _ticks(spec: Curve | Scatter | Bars, low: float, high: float, count: int = 5) -> np.ndarray:
    return (log_ticks if _logarithmic(spec) else round_ticks)(low, high, count)


def _draw_series(spec: Curve, axes: Axes) -> None:
    for i, series in enumerate(spec.series):
        marker = {"marker": "o", "markersize": 2.2} if series.x.size <= 30 else {}
        axes.plot(series.x, series.y, color=colours.series(i), ls=colours.dash(i)[1], linewidth=1.2, **marker)


def _draw_points(spec: Scatter, sheet: Sheet, axes: Axes, box: Box) -> None:
    if spec.curve is not None:
        axes.plot(spec.curve.x, spec.curve.y, color=REFERENCE, linewidth=1, zorder=1)
    area = 9.0 if spec.size is None else 3 + 45 * spec.size / (spec.size.max() or 1)
    style = {"color": colours.SERIES[0], "alpha": 0.6, "linewidths": 0, "rasterized": spec.x.size > _MANY}
    axes.scatter(spec.x, spec.y, s=area, **style)
    if 0 < len(spec.labels) <= _NAMED:
        point_names.write(spec, sheet, axes, box)


def _draw_bars(spec: Bars, sheet: Sheet, axes: Axes, box: Box) -> None:
    count = len(spec.names)
    axes.barh(np.arange(count), np.nan_to_num(spec.values), height=0.72, color=colours.SERIES[0])
    low, high = padded(spec.values, 0.0, margin=0.03)
    low, high = (0.0 if np.nanmin(np.append(spec.values, 0)) == 0 else low), (high if high > 0 else 0.0)
    ticks = _x_ticks(spec, low, high, box.width, sheet.faces)
    axes.set(xlim=(low, high), ylim=(count - 0.4, -0.6))
    axes.set_xticks(ticks, [tick_text(tick) for tick in ticks])
    sizes = sheet.sizes
    step = max(math.ceil(1.15 * sizes.smallest * count / (72 * box.height) - 1e-9), 1)
    places = np.arange(0, count, step)
    words = [sheet.faces.fit(spec.names[i], _LONGEST, sizes.tick) for i in places]
    axes.set_yticks(places, words, size=min(sizes.tick, 72 * box.height / len(places)), va="center_baseline")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=FAINT, linewidth=THINNEST)
    if low < 0:
        axes.axvline(0, color=REFERENCE, linewidth=0.6)
    _name_x(spec.label, sheet, box)


def _x_ticks(spec: Curve | Scatter | Bars, low: float, high: float, width: float, faces: Faces) -> np.ndarray:
    """As many round numbers as stand side by side on `width` inches."""
    for count in (5, 4, 3):
        ticks = _ticks(spec, low, high, count)
        if sum(faces.width(tick_text(tick), faces.sizes.tick) + 0.08 for tick in ticks) <= width:
            return ticks
    return _ticks(spec, low, high, 2)


def _name_x(label: str, sheet: Sheet, box: Box) -> None:
    down = sheet.sizes.tick_line + 0.02 + 1.08 * sheet.sizes.label / 72
    for i, words in enumerate(sheet.faces.axis_name(label, box.width + _AROUND)):
        sheet.text(box.left + box.width / 2, box.bottom + down + i * sheet.sizes.line, words, ha="center")


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
