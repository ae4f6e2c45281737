"""Head atlas of a sweep: what kind of attention each head pays over the texts, as a layer x head grid per statistic.

Each number is a mean over the texts of their means, in the units of the atlas of one text. Four more are of raw
logits: the share of cells beyond half, and beyond 0.9, of the softcap, by how much the cap bends a logit, and the
largest one. `low` and `high` in the table are the 95 % interval of a bootstrap over documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma2_workbench.figures.spec import HeadGrid, Panels
from gemma2_workbench.views.heads import grids
from gemma2_workbench.views.sweeps.labels import METRICS, STATISTICS
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.sweeps.result import Sweep

ALL = "all"
COLUMNS = ("layer", "head", "kv_head", "kind", "statistic", "texts", "mean", "low", "high")


def table(sweep: Sweep, statistic: str) -> pd.DataFrame:
    """One row per layer, head and statistic: the mean over the texts and its 95 % interval."""
    means = sweep.means
    shown = means if statistic == ALL else means.loc[means["statistic"] == statistic]
    return shown.reindex(columns=list(COLUMNS)).reset_index(drop=True)


def figure(frame: pd.DataFrame) -> HeadGrid | Panels:
    """A grid per statistic that is not 0 for all heads, as shares beyond the cap may be."""
    largest = frame.groupby("statistic")["mean"].transform("max").to_numpy(dtype=float)
    there = frame.loc[largest > 0]
    shown = frame if there.empty else there
    return grids(shown.rename(columns={"statistic": "metric", "mean": "value"}), METRICS, "Head atlas over the texts")


VIEW = View(
    name="atlas",
    title="Head atlas",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(Option("statistic", "Statistic", "choice", ALL, (ALL, *STATISTICS)),),
    make_table=table,
    figure=figure,
)
