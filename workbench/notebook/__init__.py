"""How results look in a notebook: the `Display` that traces, pairs, labels and predictions ask.

Each kind of result has its file, with a function that makes its page; a new one is registered with `html.register`.
"""

from functools import singledispatch

import plotly.graph_objects as go

from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.export import as_bytes
from gemma2_workbench.figures import screen
from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.masks.drawn import MaskFigure
from gemma2_workbench.notebook.labels import labels_html
from gemma2_workbench.notebook.masks import masks_html
from gemma2_workbench.notebook.pair import pair_html
from gemma2_workbench.notebook.prediction import prediction_html
from gemma2_workbench.notebook.run import run_html
from gemma2_workbench.notebook.sweep import sweep_html
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.traces.pair import Pair
from gemma2_workbench.traces.readers.prediction import Prediction
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views import Subject, view_of


@singledispatch
def html(subject: object) -> str:
    """The result as static HTML.

    Raises:
        TypeError: notebooks know no such result.
    """
    raise TypeError(
        f"notebooks show traces, pairs, classifications, predictions, masks and sweeps; got {type(subject).__name__}"
    )


html.register(Trace, run_html)
html.register(Pair, pair_html)
html.register(Classification, labels_html)
html.register(Prediction, prediction_html)
html.register(MaskFigure, masks_html)
html.register(Sweep, sweep_html)


def figure(subject: Subject, view: str, dark: bool, **options: object) -> go.Figure:
    """One view of a trace, pair or sweep as a plotly figure.

    Raises:
        ValueError: no such view, option or value, or the view needs what was not read.
    """
    return screen.render(_spec(subject, view, options), dark)


def svg(subject: Subject, view: str, venue: str | None, width: str | float, **options: object) -> bytes:
    """One view of a trace, pair or sweep as it stands in a paper.

    Raises:
        ValueError: as of `figure`; or no such venue or width.
    """
    return as_bytes(_spec(subject, view, options), ".svg", venue=venue, width=width)


def _spec(subject: Subject, view: str, options: dict[str, object]) -> FigureSpec:
    found = view_of(subject, view)
    return found.figure(found.table(subject, **options))
