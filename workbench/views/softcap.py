"""Softcap saturation: how far the cap c bends the attention logits of each head, s = c tanh(a / c).

Over all visible cells of the text: the share of raw logits beyond half of the cap (there tanh has taken away 7.6 %) and
beyond 0.9 of it (20 %), the largest raw logit, the mean bend |a - s|, and the mean over the queries of KL between the
attention with the cap and the attention that the same raw logits would give without it. Where all shares are 0 the cap
does nothing for this text; where they are large, the cap decides how sharp the head can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import HeadGrid, Panels
from gemma2_workbench.heads.scores import without_softmax_nan
from gemma2_workbench.views.heads import COLUMNS, Metric, grids, heads_table
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

METRICS = (
    Metric("beyond_half", "beyond 0.5 cap (share)"),
    Metric("beyond_most", "beyond 0.9 cap (share)"),
    Metric("largest_logit", "largest |logit|"),
    Metric("mean_bend", "mean bend (logits)"),
    Metric("row_divergence", "KL(capped || uncapped), mean (nats)"),
)
ALL = "all"


def table(trace: Trace, metric: str) -> pd.DataFrame:
    """One row per layer, head and metric. Shares are NaN in layers without a softcap."""
    from gemma2_workbench.traces.softcap import mean_divergences

    visible = without_softmax_nan(trace.folds["visible"].numpy(), trace.layers)
    capped = np.asarray([layer.softcap is not None for layer in trace.layers])[:, None]
    shares = {
        name: np.where(capped, trace.folds[name].numpy() / visible, np.nan) for name in ("beyond_half", "beyond_most")
    }
    folded = {
        **shares,
        "largest_logit": trace.folds["largest_logit"].double().numpy(),
        "mean_bend": trace.folds["bend"].numpy() / visible,
    }
    values = {name: value for name, value in folded.items() if metric in (ALL, name)}
    if metric in (ALL, "row_divergence"):
        values["row_divergence"] = mean_divergences(trace)
    return heads_table(trace, values)


def figure(frame: pd.DataFrame) -> HeadGrid | Panels:
    """A grid per metric."""
    return grids(frame, METRICS, "Softcap saturation")


VIEW = View(
    name="softcap",
    title="Softcap",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(Option("metric", "Quantity", "choice", ALL, (ALL, *(metric.name for metric in METRICS))),),
    make_table=table,
    figure=figure,
    needs=("attention", "folds"),
)
