"""Figure specifications as plots of the page."""

from typing import Any

from gradio.components.plot import PlotData

from gemma2_workbench.figures.screen import render
from gemma2_workbench.figures.spec import FigureSpec

CONFIG = '"config":{"displaylogo":false,"toImageButtonOptions":{"format":"svg"}}'


def plot_of(spec: FigureSpec, dark: bool, highest: int | None = None) -> PlotData:
    """The figure for `gr.Plot`, with the settings that it would drop from a plotly figure.

    Args:
        spec: what to draw.
        dark: for a dark page.
        highest: pixels that the figure may be high; default: as high as it likes.
    """
    figure: Any = render(spec, dark=bool(dark))
    if highest is not None:
        figure.update_layout(height=min(figure.layout.height, highest))
    return PlotData(type="plotly", plot=f"{figure.to_json()[:-1]},{CONFIG}}}")
