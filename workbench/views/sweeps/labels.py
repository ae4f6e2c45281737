"""What the statistics of a sweep are called in its pictures, in their order, with units."""

from __future__ import annotations

from gemma2_workbench.heads.scores import SCORES
from gemma2_workbench.views import ranked
from gemma2_workbench.views.heads import Metric

_OF_QUERIES = {metric.name: metric for metric in ranked.METRICS}
METRICS = (
    *(_OF_QUERIES[name] for name in SCORES),
    Metric("beyond_half", "|logit| > 0.5 cap (share of cells)"),
    Metric("beyond_most", "|logit| > 0.9 cap (share of cells)"),
    Metric("bend", "mean |logit − softcapped logit|"),
    Metric("largest_logit", "largest |logit|"),
)
STATISTICS = tuple(metric.name for metric in METRICS)
LABELS = {metric.name: metric.label for metric in METRICS}


def head_name(layer: int, head: int) -> str:
    """L5H3."""
    return f"L{layer}H{head}"
