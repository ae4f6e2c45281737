"""One head of a sweep: how often each of its statistics takes which value, over all queries of all texts.

A column is a bin; the dashed line is the mean over the texts. The title says that mean, with its 95 % interval where it
stands alone, and by which the head is the first, second, ... of the model. Distances and logits stand on a logarithmic
axis, whose first column holds all below 1. What a text has one number of (shares beyond the cap, largest logit) is
counted once a text.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Guide, Histogram, Panels
from gemma2_workbench.figures.ticks import tick_text
from gemma2_workbench.heads.scores import SCORES
from gemma2_workbench.views.sweeps.labels import LABELS, STATISTICS, head_name
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.sweeps.result import Sweep

ALL = "all"
COLUMNS = (
    *("layer", "head", "kind", "statistic", "left", "right", "count", "share"),
    *("rank", "of", "mean", "low", "high"),
)


def table(sweep: Sweep, layer: int, head: int, statistic: str) -> pd.DataFrame:
    """One row per statistic and bin: its edges, how many queries or texts lie in it and their share.

    Every row says the mean over the texts, its 95 % interval, and the `rank` of the head among all `of` them by it.
    """
    from gemma2_workbench.sweeps.head_page import head_page

    page = head_page(sweep, layer, head)
    frame = page.histograms
    if statistic != ALL:
        frame = frame.loc[frame["statistic"] == statistic]
    total = frame.groupby("statistic", sort=False)["count"].transform("sum").to_numpy(dtype=float)
    share = frame["count"] / np.where(total > 0, total, np.nan)
    frame = frame.assign(layer=layer, head=head, kind=page.kind, share=share)
    numbers = page.statistics[["statistic", "rank", "mean", "low", "high"]]
    frame = frame.merge(numbers, on="statistic").assign(of=sweep.sizes["layer"] * sweep.sizes["head"])
    return frame.reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> Panels | Histogram:
    """A histogram per statistic; of several those that do not have one and the same value everywhere."""
    filled = Counter(frame.loc[frame["count"].to_numpy(dtype=float) > 0, "statistic"])
    names = [name for name in STATISTICS if filled[name] > 1] or [frame["statistic"].iloc[0]]
    first = frame.iloc[0]
    panels = [_histogram(frame.loc[frame["statistic"] == name], len(names) == 1) for name in names]
    title = f"{head_name(first['layer'], first['head'])}, a {first['kind']} layer"
    return panels[0] if len(panels) == 1 else Panels(tuple(panels), columns=min(3, len(panels)), title=title)


def _histogram(rows: pd.DataFrame, alone: bool) -> Histogram:
    """The bins from the first to the last that is not empty, on a logarithmic axis where they grow."""
    left, right, share = (rows[name].to_numpy(dtype=float) for name in ("left", "right", "share"))
    grows = right[-1] - left[-1] > 1.5 * (right[1] - left[1])
    edges, share = np.append(left, right[-1]), np.nan_to_num(share)
    if grows:
        used = np.flatnonzero(share)
        low, high = (used[0], used[-1]) if len(used) else (0, 0)
        edges, share = edges[low : high + 2], share[low : high + 1]
        edges = np.where(edges > 0, edges, 0.5)
    row = rows.iloc[0]
    guides = (Guide("x", float(row["mean"]), ""),) if edges[0] <= row["mean"] <= edges[-1] else ()
    of = "texts" if row["statistic"] not in SCORES else "queries"
    label = LABELS[str(row["statistic"])]
    return Histogram(edges, share, label, f"share of {of}", _said(row, alone), guides, logarithmic=bool(grows))


def _said(row: pd.Series, alone: bool) -> str:
    """Mean of a statistic, its interval where there is room, and the place of the head among all."""
    words = LABELS[str(row["statistic"])].split(" (")[0]
    if not np.isfinite(row["mean"]):
        return words
    mean, low, high = (tick_text(float(f"{row[name]:.3g}")) for name in ("mean", "low", "high"))
    interval = f" [{low}, {high}]" if alone and np.isfinite(row["low"]) else ""
    return f"{words} {mean}{interval}, {row['rank']:.0f} of {row['of']}"


VIEW = View(
    name="head",
    title="One head",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("layer", "Layer", "layer", 0),
        Option("head", "Head", "head", 0),
        Option("statistic", "Statistic", "choice", ALL, (ALL, *STATISTICS)),
    ),
    make_table=table,
    figure=figure,
)
