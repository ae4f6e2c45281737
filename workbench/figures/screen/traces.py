"""Plotly traces as plain dicts: plotly checks a whole figure once, which is many times faster than part by part."""

from __future__ import annotations

from typing import Any, TypeAlias

PlotlyDict: TypeAlias = dict[str, Any]  # settings in plotly's words, which plotly checks


def heatmap(**settings: object) -> PlotlyDict:
    """A heatmap whose cells stand at whole numbers, unless `settings` (plotly's words) say otherwise."""
    return {
        "type": "heatmap",
        "x0": 0,
        "dx": 1,
        "y0": 0,
        "dy": 1,
        "hoverongaps": False,
        "showlegend": False,
        **settings,
    }


def scatter(**settings: object) -> PlotlyDict:
    """Points, lines, text or a filled shape."""
    return {"type": "scatter", "showlegend": False, **settings}


def bar(**settings: object) -> PlotlyDict:
    """Bars, or an entry of the legend."""
    return {"type": "bar", "showlegend": False, **settings}
