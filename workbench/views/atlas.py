"""Head atlas: what kind of attention each head pays, as a layer x head grid per quantity.

Each number is a mean over the queries of the text. Entropy: how spread the attention is (0 looks at one token).
Distance: how far from the query it looks. BOS sink: share of the attention on the first token, where heads rest.
Previous token: share on the token just before. Duplicate token: share on earlier occurrences of the same token, and
induction: share on the tokens that followed them (arXiv 2209.11895); both are means over the queries whose token
occurred before, so they need a text with repeats. Local layers see a sliding window, global layers see everything;
bracketed heads share one key/value head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma2_workbench.figures.spec import HeadGrid, Panels
from gemma2_workbench.heads.scores import mean_over_queries
from gemma2_workbench.views.heads import COLUMNS, Metric, grids, heads_table
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

METRICS = (
    Metric("entropy", "entropy (nats)"),
    Metric("distance", "mean distance (tokens)"),
    Metric("first_token", "BOS sink (share)", 1.0),
    Metric("previous_token", "previous token (share)", 1.0),
    Metric("duplicate_token", "duplicate token (share)", 1.0),
    Metric("induction", "induction (share)", 1.0),
)
ALL = "all"


def table(trace: Trace, metric: str) -> pd.DataFrame:
    """One row per layer, head and metric: the mean over the queries for which the metric is defined."""
    names = [known.name for known in METRICS if metric in (ALL, known.name)]
    return heads_table(trace, {name: mean_over_queries(trace.folds[name].double().numpy()) for name in names})


def figure(frame: pd.DataFrame) -> HeadGrid | Panels:
    """A grid per metric."""
    return grids(frame, METRICS, "Head atlas")


VIEW = View(
    name="atlas",
    title="Head atlas",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(Option("metric", "Quantity", "choice", ALL, (ALL, *(metric.name for metric in METRICS))),),
    make_table=table,
    figure=figure,
    needs=("folds",),
)
