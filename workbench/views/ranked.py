"""Heads ranked: every head of the model as a row with its scores in this text and the kinds of head that they show.

Sorted by one score, the largest first. A head is of a kind where its mean score reaches the threshold of the kind:
induction, previous token, duplicate token, BOS sink and itself from half of the attention on, spreads from 0.9 of the
largest entropy that its mask allows. Scores on one text depend on the text; on repeated random tokens they do not
(`gemma2-workbench heads`, `score_heads`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.layer_kinds import KINDS
from gemma2_workbench.figures.spec import Bars
from gemma2_workbench.heads.kinds import HEAD_KINDS, kind_named
from gemma2_workbench.heads.scores import SCORES, scores_of
from gemma2_workbench.heads.types import HeadTypes, head_types
from gemma2_workbench.views import atlas
from gemma2_workbench.views.heads import Metric
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from gemma2_workbench.models.layers import LayerInfo
    from gemma2_workbench.traces.trace import Trace

ALL, MOST = "all", 20  # bars
METRICS = (
    *atlas.METRICS,
    Metric("self_attention", "itself (share)", 1.0),
    Metric("spread", "entropy (share of its maximum)", 1.0),
)
LABELS = {metric.name: metric.label for metric in METRICS}
COLUMNS = ("rank", "layer", "head", "name", "kv_head", "kind", "by", *SCORES, "badges")


def table(trace: Trace, by: str, badge: str, layers: str) -> pd.DataFrame:
    """One row per head, the largest `by` first; `badges` are its kinds, separated by commas.

    Raises:
        ValueError: the model has no such layers, or no head of them has the badge.
    """
    scores, shared = scores_of(trace.folds, trace.layers), trace.heads // trace.kv_heads
    types = head_types(scores)
    return chosen(ranked(scores, trace.layers, types, by, shared), types, badge, layers, "in this text")


def chosen(frame: pd.DataFrame, types: HeadTypes, badge: str, layers: str, where: str) -> pd.DataFrame:
    """The rows of the layers and the kind of head that are wanted; their ranks are those among all heads.

    Raises:
        ValueError: the model has no such layers, or no head of them has the badge.
    """
    there = [ALL, *sorted(set(frame["kind"]), key=KINDS.index)]
    if layers not in there:
        raise ValueError(f"the model has no {layers} layers; choose layers={' or '.join(there)}")
    kept = [
        layers in (ALL, kind) and (badge == ALL or badge in {one.kind.name for one in types[layer][head]})
        for layer, head, kind in zip(frame["layer"], frame["head"], frame["kind"], strict=True)
    ]
    if not any(kept):
        of = "" if layers == ALL else f" in the {layers} layers"
        raise ValueError(f"no head{of} has the badge {kind_named(badge).label} {where}; choose badge={ALL}")
    return frame.loc[kept].reset_index(drop=True)


def sorted_by(frame: pd.DataFrame, column: str, types: HeadTypes) -> pd.DataFrame:
    """The heads, the largest first and those without a number last, with `rank`, `name` and `badges`."""
    frame = frame.sort_values(column, ascending=False, kind="stable", na_position="last", ignore_index=True)
    places = list(zip(frame["layer"], frame["head"], strict=True))
    return frame.assign(
        rank=np.arange(1, len(frame) + 1),
        name=[f"L{layer}H{head}" for layer, head in places],
        badges=[", ".join(badge.kind.label for badge in types[layer][head]) for layer, head in places],
    )


def ranked(
    scores: Mapping[str, np.ndarray], layers: Sequence[LayerInfo], types: HeadTypes, by: str, shared: int
) -> pd.DataFrame:
    """One row per head, the largest `by` first; heads without a number come last.

    Raises:
        ValueError: the score was not read.
    """
    import pandas as pd

    if by not in scores:
        raise ValueError(f"{by.replace('_', ' ')} was not read in this run; it has {', '.join(scores)}")
    places = [(info.index, head) for info in layers for head in range(scores[by].shape[1])]
    frame = pd.DataFrame({name: scores[name].ravel() for name in SCORES if name in scores})
    frame = frame.assign(
        layer=[layer for layer, _ in places],
        head=[head for _, head in places],
        kv_head=[head // shared for _, head in places],
        kind=[layers[layer].kind for layer, _ in places],
        by=by,
    )
    return sorted_by(frame, by, types).reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> Bars:
    """The first `MOST` heads as bars, each with its badges."""
    by, top = frame["by"].iloc[0], frame.head(MOST)
    return Bars(with_badges(top), top[by].to_numpy(), LABELS[by], f"Heads by {LABELS[by]}")


def with_badges(frame: pd.DataFrame) -> tuple[str, ...]:
    """The names of heads, each with its badges."""
    return tuple(f"{name} {badges}".rstrip() for name, badges in zip(frame["name"], frame["badges"], strict=True))


OF_HEADS = (
    Option("badge", "Badge", "choice", ALL, (ALL, *(kind.name for kind in HEAD_KINDS))),
    Option("layers", "Layers", "choice", ALL, (ALL, *KINDS)),
)
VIEW = View(
    name="ranked",
    title="Heads ranked",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(Option("by", "Sorted by", "choice", "induction", SCORES), *OF_HEADS),
    make_table=table,
    figure=figure,
    needs=("folds",),
)
