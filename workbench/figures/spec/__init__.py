"""What a figure shows, apart from how it is drawn: arrays, labels, units and a colour scale.

A specification is immutable, holds numpy arrays that cannot be written to, and needs neither plotly nor matplotlib.
Wrong shapes raise ValueError when it is made, not when it is drawn.
Letters: Q query rows, S key columns, R rows, T tokens, L layers, N heads, n anything else.
"""

from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.spec.bars import Bars
from gemma2_workbench.figures.spec.curves import Curve, Guide, Scatter, Series
from gemma2_workbench.figures.spec.head_grid import HeadGrid
from gemma2_workbench.figures.spec.histogram import Histogram
from gemma2_workbench.figures.spec.panels import FigureSpec, Panel, Panels
from gemma2_workbench.figures.spec.token_grid import TokenGrid
from gemma2_workbench.figures.spec.token_links import TokenLinks
from gemma2_workbench.figures.spec.token_map import NO_VALUE, TokenMap
from gemma2_workbench.figures.spec.token_strip import TokenStrip

__all__ = [
    "NO_VALUE",
    "Bars",
    "Curve",
    "FigureSpec",
    "Guide",
    "HeadGrid",
    "Histogram",
    "Panel",
    "Panels",
    "Scale",
    "Scatter",
    "Series",
    "TokenGrid",
    "TokenLinks",
    "TokenMap",
    "TokenStrip",
]
