"""The screen renderer: every figure specification as a plotly figure or as one offline HTML page."""

from __future__ import annotations

import plotly.graph_objects as go

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.screen import curves, head_grid, panels, token_grid, token_links, token_map, token_strip
from gemma2_workbench.figures.screen.page import page
from gemma2_workbench.figures.screen.room import room
from gemma2_workbench.figures.screen.slot import FigureDict, Slot
from gemma2_workbench.figures.screen.traces import PlotlyDict
from gemma2_workbench.figures.spec import (
    Bars,
    Curve,
    FigureSpec,
    HeadGrid,
    Histogram,
    Panel,
    Panels,
    Scatter,
    TokenGrid,
    TokenLinks,
    TokenMap,
    TokenStrip,
)
from gemma2_workbench.figures.tens import in_tens
from gemma2_workbench.figures.text import for_plotly

__all__ = ["page", "render"]

_LEGEND = 30  # pixels of one line of the legend
_FONT = "IBM Plex Sans, system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, Noto Sans CJK JP, sans-serif"


def render(spec: FigureSpec, dark: bool = False, width: int = 900) -> go.Figure:
    """`spec` as a plotly figure with a fixed height (pixels), the width of its column and a clear background.

    `dark` takes text and scale colours for a dark page; both sets stay readable on the other page. `width` is how many
    pixels the plot of a single panel usually gets: labels are thinned to fit.

    Raises:
        TypeError: when `spec` is not a figure specification.
    """
    title = spec_title(spec)
    spec = in_tens(spec)
    figure = FigureDict(layout=_layout(title, dark))
    if isinstance(spec, Panels):
        height = panels.draw(spec, figure, dark, draw)
    else:
        height = draw(spec, Slot(figure, pixels=(width, 560), dark=dark)) + room(spec).bottom
    margin = figure.layout["margin"]
    margin["b"] += _LEGEND if figure.named else 0
    figure.layout["height"] = height + margin["t"] + margin["b"]
    return go.Figure(figure.traces, figure.layout | {"shapes": figure.shapes, "annotations": figure.notes})


def _layout(title: str, dark: bool) -> PlotlyDict:
    """The layout that all figures have in common."""
    theme = colours.theme(dark)
    layout = {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": _FONT, "size": 13, "color": theme.ink},
        "margin": {"l": 8, "r": 8, "t": 44 if title else 24, "b": 8},
        # Below the plot, where it pushes the plot and not the title when a narrow page breaks it into lines.
        "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "font": {"size": 12}},
        "hoverlabel": {"align": "left", "bgcolor": theme.page, "font": {"color": theme.ink}},
    }
    if title:
        words = {"text": for_plotly(title, 80), "x": 0.01, "xanchor": "left", "font": {"size": 16}}
        layout["title"] = {**words, "y": 1, "yanchor": "top", "yref": "container", "pad": {"t": 14, "l": 4}}
    return layout


def spec_title(spec: FigureSpec) -> str:
    """The title of `spec`; TypeError with what is allowed when it is no specification."""
    if not isinstance(spec, Panel | Panels):
        raise TypeError(f"render takes a figure specification (TokenMap, HeadGrid, ...); got {type(spec).__name__}")
    return spec.title


def draw(spec: Panel, slot: Slot) -> int:
    """Draw one panel into its slot and return the height in pixels that its plot would like, without labels."""
    match spec:
        case TokenMap():
            return token_map.draw(spec, slot)
        case TokenLinks():
            return token_links.draw(spec, slot)
        case TokenGrid():
            return token_grid.draw(spec, slot)
        case HeadGrid():
            return head_grid.draw(spec, slot)
        case Curve():
            return curves.draw_curve(spec, slot)
        case Scatter():
            return curves.draw_scatter(spec, slot)
        case Bars():
            return curves.draw_bars(spec, slot)
        case Histogram():
            return curves.draw_histogram(spec, slot)
        case TokenStrip():
            return token_strip.draw(spec, slot)
