"""Head scores compared: what the change does to the kind of attention that each head pays.

The quantities of the head atlas, after minus before, a grid each: red heads have more of it after the change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma2_workbench.figures.spec import HeadGrid, Panels
from gemma2_workbench.traces.pair import Pair
from gemma2_workbench.views import atlas
from gemma2_workbench.views.heads import changes
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("layer", "head", "kv_head", "kind", "metric", "before", "after", "difference")


def table(pair: Pair, metric: str) -> pd.DataFrame:
    """One row per layer, head and metric: the means over the queries of both runs, and after - before."""
    before, after = (atlas.table(trace, metric) for trace in (pair.before, pair.after))
    frame = before.rename(columns={"value": "before"}).assign(after=after["value"])
    return frame.assign(difference=frame["after"] - frame["before"]).reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> HeadGrid | Panels:
    """A grid around zero for each metric."""
    return changes(frame, atlas.METRICS, "Head scores, after − before")


VIEW = View(
    name="head_scores",
    title="Head scores compared",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("metric", "Quantity", "choice", atlas.ALL, (atlas.ALL, *(metric.name for metric in atlas.METRICS))),
    ),
    make_table=table,
    figure=figure,
    needs=("folds",),
)
