"""Heads of a sweep ranked: every head with its mean over the texts and the 95 % interval of it, the largest first.

Intervals are of a bootstrap over documents: where two do not overlap, other texts of this kind would hardly turn the
order of the two heads round. A head is of a kind where its mean reaches the threshold of the kind, as in one text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma2_workbench.figures.spec import Bars
from gemma2_workbench.heads.types import head_types
from gemma2_workbench.views.ranked import MOST, OF_HEADS, chosen, sorted_by, with_badges
from gemma2_workbench.views.sweeps.labels import LABELS, STATISTICS
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.sweeps.result import Sweep

COLUMNS = ("rank", "layer", "head", "name", "kv_head", "kind", "statistic", "texts", "mean", "low", "high", "badges")


def table(sweep: Sweep, by: str, badge: str, layers: str) -> pd.DataFrame:
    """One row per head, the largest mean first; heads without a number come last; `badges` are kinds of head.

    Raises:
        ValueError: the model has no such layers, or no head of them has the badge.
    """
    types = head_types(sweep.scores)
    frame = sorted_by(sweep.means.loc[sweep.means["statistic"] == by], "mean", types)
    return chosen(frame, types, badge, layers, "over these texts").reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> Bars:
    """The first `MOST` heads as bars with their intervals, each with its badges."""
    top, label = frame.head(MOST), LABELS[frame["statistic"].iloc[0]]
    ends = {name: top[name].to_numpy(dtype=float) for name in ("low", "high")}
    return Bars(with_badges(top), top["mean"].to_numpy(dtype=float), label, f"Heads by {label} over the texts", **ends)


VIEW = View(
    name="ranked",
    title="Heads ranked",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(Option("by", "Sorted by", "choice", "induction", STATISTICS), *OF_HEADS),
    make_table=table,
    figure=figure,
)
