"""Two sweeps compared: which heads differ, after minus before, with 95 % intervals; the surest changes first.

Over one corpus both sweeps draw the same documents in the bootstrap, so that what is so in a text for both does not
widen the intervals. One of twenty intervals misses zero by chance: among hundreds of heads look at `z`, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Bars, HeadGrid, Panels
from gemma2_workbench.views.heads import changes
from gemma2_workbench.views.ranked import MOST
from gemma2_workbench.views.sweeps.atlas import ALL
from gemma2_workbench.views.sweeps.labels import LABELS, METRICS, STATISTICS, head_name
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.sweeps.compare import SweepPair

COLUMNS = (*("layer", "head", "name", "kv_head", "kind", "statistic", "before", "after", "change", "low", "high", "z"),)


def table(pair: SweepPair, statistic: str) -> pd.DataFrame:
    """One row per layer, head and statistic, the surest change first."""
    frame = pair.changes
    if statistic != ALL:
        frame = frame.loc[frame["statistic"] == statistic].reset_index(drop=True)
    names = [head_name(*place) for place in zip(frame["layer"], frame["head"], strict=True)]
    return frame.assign(name=names).reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> Bars | HeadGrid | Panels:
    """The surest changes of one statistic as bars with their intervals; of all statistics a grid each."""
    if len(set(frame["statistic"])) > 1:
        largest = frame["change"].abs().groupby(frame["statistic"]).transform("max").to_numpy(dtype=float)
        there = frame.loc[largest > 0]
        shown = frame if there.empty else there
        shown = shown.rename(columns={"statistic": "metric", "change": "difference"}).sort_values(["layer", "head"])
        return changes(shown, METRICS, "Heads over the texts, after − before")
    top, label = frame.head(MOST), LABELS[frame["statistic"].iloc[0]]
    ends = {name: top[name].to_numpy(dtype=float) for name in ("low", "high")}
    title = f"Heads by {label}, after − before"
    return Bars(tuple(top["name"]), np.asarray(top["change"], dtype=float), f"change of {label}", title, **ends)


VIEW = View(
    name="changes",
    title="Heads compared",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(Option("statistic", "Statistic", "choice", ALL, (ALL, *STATISTICS)),),
    make_table=table,
    figure=figure,
)
