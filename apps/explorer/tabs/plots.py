"""Figure specifications as plots of the page."""

from collections.abc import Sequence
from typing import Any

from gradio.components.plot import PlotData
from plotly.graph_objects import Figure

from gemma2_workbench.figures.screen import render
from gemma2_workbench.figures.spec import FigureSpec, Panel

# Without the two buttons that choose points: nothing is done with them, and a narrow plot has no room.
CONFIG = (
    '"config":{"displaylogo":false,"modeBarButtonsToRemove":["select2d","lasso2d"],'
    '"toImageButtonOptions":{"format":"svg"}}'
)
LEGEND_LINE = 28  # pixels, where a narrow plot has one line for each entry


def plot_of(spec: FigureSpec, dark: bool) -> PlotData:
    """The figure for `gr.Plot`, with the settings that it would drop from a plotly figure."""
    return _plot(render(spec, dark=bool(dark)))


def plots_beside(specs: Sequence[Panel], dark: bool, width: int, highest: int) -> list[PlotData]:
    """Figures that stand side by side in a row, so that their plots are of one height.

    Args:
        specs: what to draw.
        dark: for a dark page.
        width: usual pixels of one plot without its labels.
        highest: pixels that a figure may be high; each further line of the legend comes on top.
    """
    figures: list[Any] = [render(spec, dark=bool(dark), width=width) for spec in specs]
    # What one explains in its legend, all do: legends of other heights would leave other heights to the plots.
    keys = {trace.name: trace for figure in figures for trace in figure.data if trace.showlegend}
    for figure in figures:
        own = {trace.name for trace in figure.data}
        figure.add_traces([trace for name, trace in keys.items() if name not in own])
        figure.update_layout(height=min(figure.layout.height, highest) + LEGEND_LINE * max(len(keys) - 1, 0))
    return [_plot(figure) for figure in figures]


def _plot(figure: Figure) -> PlotData:
    text = str(figure.to_json())
    return PlotData(type="plotly", plot=f"{text[:-1]},{CONFIG}}}")
