"""Scores: one number per head, the mean of a statistic over the queries that have it.

Letters: L layers, N heads, T tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from gemma2_workbench.model.masks import Mask
    from gemma2_workbench.models.layers import LayerInfo

# Means of folds of these names, and `spread`, which follows from the entropy.
SCORES = (
    *("induction", "previous_token", "duplicate_token", "first_token", "self_attention"),
    *("entropy", "spread", "distance"),
)
# Of the test on repeated random tokens: so many tokens as in the paper, which with their copy fit into usual windows.
SEQUENCES, LENGTH = 64, 25


def scores_of(folds: Mapping[str, Tensor], layers: Sequence[LayerInfo]) -> dict[str, np.ndarray]:
    """Every score that the folds of a run give, float64 [L, N]; NaN where no query has the statistic.

    A run from an older file may lack some.

    Args:
        folds: statistics per query, [L, N, T], by name (`traces.folds`).
        layers: the L layers' masks.
    """
    scores = {name: mean_over_queries(folds[name].double().numpy()) for name in SCORES if name in folds}
    if "entropy" in folds:
        scores["spread"] = mean_over_queries(spread_of(folds["entropy"].double().numpy(), layers))
    return {name: without_softmax_nan(score, layers) for name, score in scores.items()}


def without_softmax_nan(values_L: np.ndarray, layers: Sequence[LayerInfo]) -> np.ndarray:
    """Numbers of layers, [L, ...]: NaN for those that have no softmax, whose heads do nothing that could be counted."""
    has_maps = np.asarray([layer.softmax for layer in layers]).reshape(-1, *[1] * (values_L.ndim - 1))
    return values_L if has_maps.all() else np.where(has_maps, values_L, np.nan)


def mean_over_queries(values_LNT: np.ndarray) -> np.ndarray:
    """Mean over the queries that have a value, [L, N]; NaN where none has."""
    counted = np.isfinite(values_LNT).sum(-1)
    return np.where(counted > 0, np.nansum(values_LNT, axis=-1) / np.maximum(counted, 1), np.nan)


def spread_of(entropy_LNT: np.ndarray, layers: Sequence[LayerInfo]) -> np.ndarray:
    """Entropy over its maximum, ln of the number of visible keys; NaN for queries that see only one."""
    T = entropy_LNT.shape[-1]
    counts = {info.mask: _visible_keys(info.mask, T) for info in layers}
    most_L1T = np.log(np.stack([counts[info.mask] for info in layers]))[:, None]
    return entropy_LNT / np.where(most_L1T > 0, most_L1T, np.nan)


def _visible_keys(mask: Mask, tokens: int) -> np.ndarray:
    """How many keys each query sees, [T]."""
    return np.asarray([len(mask.reach(range(at, at + 1), range(tokens))) for at in range(tokens)])
