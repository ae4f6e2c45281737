"""What HeadVis keeps of one head on one text: the largest cells of its map, and the sums behind its metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.traces.trace import Trace

DECIMALS = 4
LARGEST, THRESHOLD, _ROWS = 8, 0.005, 128
METRICS = {
    "self_attention_score": "mean attention of each token to itself",
    "previous_token_score": "mean attention to the token before",
    "pattern_entropy": "mean Shannon entropy of a row of the map, nats",
    "qk_distance": "mean |q - k| weighted by attention, tokens",
    "qk_distance_variance": "variance of |q - k| weighted by attention",
    "induction_score": "mean attention to what followed earlier occurrences of the token, over repeated tokens",
}


@dataclass(frozen=True)
class Pattern:
    """One head on one text of T tokens.

    Attributes:
        indices: q * T + k of the cells that are kept, ascending.
        values: their probabilities, rounded.
        largest: the largest probability without the first row and column.
        sums: over all queries of: attention to itself, to the token before, entropy, distance, squared distance,
            attention to what followed earlier occurrences.
        counts: how many queries there are, how many have a token before, how many repeat an earlier token.
    """

    indices: tuple[int, ...]
    values: tuple[float, ...]
    largest: float
    sums: np.ndarray
    counts: np.ndarray


def measured(trace: Trace, layer: int, head: int) -> Pattern:
    """One pass over the rows of a map, in blocks, so that any length fits; ValueError for an unknown head."""
    T, ids = len(trace.tokens), torch.tensor(trace.tokens.ids)
    indices, values, largest, parts = [], [], 0.0, []
    for start in range(0, T, _ROWS):
        rows = torch.arange(start, min(start + _ROWS, T))
        probs_QS = trace.stage(layer, head, "attn_probs", range(start, start + len(rows))).nan_to_num().double()
        top_QK, key_QK = probs_QS.topk(min(LARGEST, T))
        row, place = (top_QK >= THRESHOLD).nonzero(as_tuple=True)
        keys = key_QK[row, place]
        order = torch.argsort(rows[row] * T + keys)
        indices += (rows[row] * T + keys)[order].tolist()
        values += [round(value, DECIMALS) for value in top_QK[row, place][order].tolist()]
        inner = probs_QS[rows > 0, 1:]
        largest = max(largest, inner.max().item() if inner.numel() else 0.0)
        parts.append(_sums(probs_QS, rows, ids))
    repeated = T - len(set(trace.tokens.ids))
    return Pattern(tuple(indices), tuple(values), largest, reduce(np.add, parts), np.array([T, T - 1, repeated]))


def _sums(probs_QS: Tensor, rows: Tensor, ids: Tensor) -> np.ndarray:
    """The sums of `Pattern` over the queries of one block."""
    offsets_QS = rows[:, None] - torch.arange(len(ids))
    far_QS = offsets_QS.abs().double()
    followers_QS = torch.zeros_like(probs_QS, dtype=torch.bool)
    followers_QS[:, 1:] = (ids[rows, None] == ids[:-1]) & (offsets_QS[:, :-1] > 0)
    each = [
        probs_QS[offsets_QS == 0].sum(),
        probs_QS[offsets_QS == 1].sum(),
        -torch.xlogy(probs_QS, probs_QS).sum(),
        (probs_QS * far_QS).sum(),
        (probs_QS * far_QS**2).sum(),
        probs_QS[followers_QS].sum(),
    ]
    return torch.stack(each).numpy()


def metrics(patterns: Sequence[Pattern]) -> dict[str, float | None]:
    """The scalar metrics of one head over all texts; None where no text has a query for it."""
    itself, before, entropy, far, square, induction = np.sum([pattern.sums for pattern in patterns], axis=0)
    queries, later, repeated = (int(count) for count in np.sum([pattern.counts for pattern in patterns], axis=0))
    means = [(itself, queries), (before, later), (entropy, queries), (far, queries)]
    variance = square / queries - (far / queries) ** 2
    numbers = [*(total / count if count else math.nan for total, count in means), variance]
    numbers.append(induction / repeated if repeated else math.nan)
    rounded = (None if math.isnan(value) else round(float(value), DECIMALS) for value in numbers)
    return dict(zip(METRICS, rounded, strict=True))
