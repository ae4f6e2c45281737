"""Plotly traces as plain dicts: plotly checks a whole figure once, which is many times faster than part by part."""

from __future__ import annotations

from typing import Any


def heatmap(**settings: Any) -> dict[str, Any]:
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


def scatter(**settings: Any) -> dict[str, Any]:
    """Points, lines, text or a filled shape."""
    return {"type": "scatter", "showlegend": False, **settings}


def bar(**settings: Any) -> dict[str, Any]:
    """Bars, or an entry of the legend."""
    return {"type": "bar", "showlegend": False, **settings}
