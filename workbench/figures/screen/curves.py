"""Curves, scatter plots, histograms and bars on the screen."""

from __future__ import annotations

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.screen.room import LONGEST
from gemma2_workbench.figures.screen.slot import Slot
from gemma2_workbench.figures.screen.traces import PlotlyDict, bar, scatter
from gemma2_workbench.figures.spec import Bars, Curve, Guide, Histogram, Scatter
from gemma2_workbench.figures.text import for_plotly
from gemma2_workbench.figures.ticks import log_padded, log_ticks, padded, tick_text

_SIGNS = ("circle", "triangle-up", "square", "diamond")  # of groups of points, beside their colours
_LINE = {"showline": True, "ticks": "outside", "ticklen": 3}


def draw_curve(spec: Curve, slot: Slot) -> int:
    """Draw the lines; colours and dashes in the order of the series, a legend when there are several."""
    for i, series in enumerate(spec.series):
        name = for_plotly(series.name)
        slot.add(
            scatter(
                x=series.x,
                y=series.y,
                mode="lines+markers" if series.x.size <= 30 else "lines",
                line={"color": colours.series(i), "dash": colours.dash(i)[0], "width": 2},
                marker={"size": 5},
                name=name,
                showlegend=len(spec.series) > 1,
                hovertemplate=f"{name}<br>%{{x:.6g}}, %{{y:.6g}}<extra></extra>",
            )
        )
    _draw_guides(spec.guides, slot)
    _draw_axes(spec, slot, [s.x for s in spec.series], [s.y for s in spec.series])
    return 320


def draw_scatter(spec: Scatter, slot: Slot) -> int:
    """Draw the reference curve and the points over it; the pointer shows a point's label and both numbers."""
    if spec.curve is not None:
        grey = colours.theme(slot.dark).reference
        slot.add(
            scatter(
                x=spec.curve.x,
                y=spec.curve.y,
                mode="lines",
                line={"color": grey, "width": 2},
                name=for_plotly(spec.curve.name),
                showlegend=True,
                hoverinfo="skip",
            )
        )
    for i, (name, at) in enumerate(spec.parts.items()):
        _draw_points(spec, slot, i, name, at)
    _draw_guides(spec.guides, slot)
    curve = () if spec.curve is None else (spec.curve,)
    _draw_axes(spec, slot, [spec.x, *(c.x for c in curve)], [spec.y, *(c.y for c in curve)])
    return 360


def _draw_points(spec: Scatter, slot: Slot, number: int, name: str, at: np.ndarray) -> None:
    """One group of points."""
    shown = f"{for_plotly(spec.x_label)}: %{{x:.6g}}<br>{for_plotly(spec.y_label)}: %{{y:.6g}}<extra></extra>"
    size = {"size": 6} if spec.size is None else {"size": spec.size[at], "sizeref": spec.size.max() / 300 or 1}
    named = {"name": for_plotly(name), "showlegend": True} if name else {}
    slot.add(
        scatter(
            x=spec.x[at],
            y=spec.y[at],
            mode="markers",
            marker={"color": colours.series(number), "opacity": 0.6, **size}
            | ({} if spec.size is None else {"sizemode": "area", "sizemin": 2})
            | ({"symbol": _SIGNS[number % len(_SIGNS)]} if name else {}),
            customdata=np.array([for_plotly(spec.labels[i]) for i in at]) if spec.labels else None,
            hovertemplate=("%{customdata}<br>" if spec.labels else "") + shown,
            **named,
        )
    )


def draw_histogram(spec: Histogram, slot: Slot) -> int:
    """Draw columns over their bins; the pointer shows the ends of the bin."""
    left, right = spec.edges[:-1], spec.edges[1:]
    shown = f"{for_plotly(spec.x_label)}: %{{customdata}}<br>{for_plotly(spec.y_label)}: %{{y:.4g}}<extra></extra>"
    ends = np.array([f"{tick_text(low)} to {tick_text(high)}" for low, high in zip(left, right, strict=True)])
    slot.add(
        bar(
            x=left,
            y=spec.values,
            offset=0,
            width=right - left,
            marker={"color": colours.SERIES[0], "line": {"width": 0}},
            customdata=ends,
            hovertemplate=shown,
        )
    )
    _draw_guides(spec.guides, slot)
    low, high = float(spec.edges[0]), float(spec.edges[-1])
    along: PlotlyDict = {"range": [low, high]}
    if spec.logarithmic:
        ticks = log_ticks(low, high)
        words = [tick_text(tick) for tick in ticks]
        along = {"type": "log", "range": [np.log10(low), np.log10(high)], "tickvals": ticks, "ticktext": words}
    slot.axes({**_LINE, "title": spec.x_label, **along}, {**_LINE, "title": spec.y_label, "rangemode": "tozero"})
    return 280


def draw_bars(spec: Bars, slot: Slot) -> int:
    """Draw horizontal bars, the first on top; numbered places keep repeated names apart."""
    count = len(spec.names)
    step = -(-count // 60)
    names = [for_plotly(name, LONGEST) for name in spec.names]
    slot.add(
        bar(
            x=spec.values,
            y=np.arange(count),
            orientation="h",
            marker={"color": colours.SERIES[0], **({} if spec.low is None else {"opacity": 0.5}), "line": {"width": 0}},
            customdata=np.array(names),
            hovertemplate=f"%{{y}} %{{customdata}}<br>{for_plotly(spec.label)}: %{{x:.6g}}<extra></extra>",
            **_intervals(spec, slot),
        )
    )
    places = list(range(0, count, step))
    ends = [part for part in (spec.values, spec.low, spec.high) if part is not None]
    slot.axes(
        {**_LINE, "title": spec.label, "range": padded(*ends, 0.0, margin=0.03)},
        {"tickvals": places, "ticktext": [names[i] for i in places], "range": [count - 0.4, -0.6], "showgrid": False},
    )
    return int(np.clip(22 * count, 60, 1300))


def _intervals(spec: Bars, slot: Slot) -> PlotlyDict:
    """The intervals of bars, in plotly's words."""
    if spec.low is None or spec.high is None:
        return {}
    ends = {"array": spec.high - spec.values, "arrayminus": spec.values - spec.low}
    ink = colours.theme(slot.dark).ink
    return {"error_x": {"type": "data", "symmetric": False, **ends, "color": ink, "thickness": 1.5, "width": 3}}


def _draw_axes(spec: Curve | Scatter, slot: Slot, xs: list[np.ndarray], ys: list[np.ndarray]) -> None:
    """Axes that hold all the data and the guides."""
    axis = _log_axis if isinstance(spec, Curve) and spec.logarithmic else _axis
    x = axis(*xs, *(guide.at for guide in spec.guides if guide.axis == "x"))
    y = axis(*ys, *(guide.at for guide in spec.guides if guide.axis == "y"))
    slot.axes({**_LINE, "title": spec.x_label, **x}, {**_LINE, "title": spec.y_label, **y})


def _axis(*values: np.ndarray | float) -> PlotlyDict:
    return {"range": padded(*values)}


def _log_axis(*values: np.ndarray | float) -> PlotlyDict:
    low, high = log_padded(*values)
    ticks = log_ticks(low, high)
    words = [tick_text(tick) for tick in ticks]
    return {"type": "log", "range": [np.log10(low), np.log10(high)], "tickvals": ticks, "ticktext": words}


def _draw_guides(guides: tuple[Guide, ...], slot: Slot) -> None:
    """Dashed lines over the whole slot, each with its label at the far end."""
    theme = colours.theme(slot.dark)
    for guide in guides:
        other = "y" if guide.axis == "x" else "x"
        refs = {f"{guide.axis}ref": slot.name(guide.axis), f"{other}ref": f"{slot.name(other)} domain"}
        ends = {f"{guide.axis}0": guide.at, f"{guide.axis}1": guide.at, f"{other}0": 0, f"{other}1": 1}
        line = {"color": theme.reference, "width": 1, "dash": "dash"}
        slot.figure.shapes.append({"type": "line", **refs, **ends, "line": line})
        turn = {"textangle": -90, "yanchor": "top"} if guide.axis == "x" else {}
        far = {**refs, guide.axis: guide.at, other: 1, "xanchor": "right", "yanchor": "bottom"}
        slot.figure.note(guide.label, 11, **(far | turn))
