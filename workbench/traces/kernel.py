"""All sums over a block in one pass, compiled by numba (extra `fast`); imported by `fused`, where numba is there.

Letters: Q query rows of a block, S keys, N heads, k cells of the rows of a picture.
"""

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Sums may be taken in any order, so that a core adds many numbers at once; nothing here holds the lock of Python.
_OPTIONS = {"nogil": True, "fastmath": True, "error_model": "numpy"}

Floats = NDArray[np.float32]


def _compiled(function: Any) -> Any:
    njit = import_module("numba").njit
    try:
        return njit(function, cache=True, **_OPTIONS)
    except RuntimeError:  # no folder to keep the machine code in
        return njit(function, **_OPTIONS)


@_compiled
def _visible(raw: Floats, scores: Floats, half: np.float32, most: np.float32) -> tuple[Any, ...]:
    """Of the visible cells of a row: largest score and |raw logit|, those beyond both bounds, sum of |raw - score|.

    The largest as the integers of `largest_of`.
    """
    raw_bits, score_bits = raw.view(np.int32), scores.view(np.int32)
    top, largest = np.int32(-0x7FFFFFFF), np.int32(0)
    beyond_half, beyond_most, bend = np.float32(0), np.float32(0), np.float32(0)
    for at in range(len(raw)):
        size = abs(raw[at])
        top = max(top, score_bits[at] ^ ((score_bits[at] >> np.int32(31)) & np.int32(0x7FFFFFFF)))
        largest = max(largest, raw_bits[at] & np.int32(0x7FFFFFFF))
        beyond_half += np.float32(1) if size > half else np.float32(0)
        beyond_most += np.float32(1) if size > most else np.float32(0)
        bend += abs(raw[at] - scores[at])
    return top, largest, beyond_half, beyond_most, bend


@_compiled
def _weighted(probs: Floats, scores: Floats, distances: Floats) -> tuple[Any, ...]:
    """Of a row: the largest probability, as such an integer, and the sums of probability times score and distance."""
    prob_bits = probs.view(np.int32)
    top, score, distance = np.int32(0), np.float32(0), np.float32(0)
    for at in range(len(probs)):
        top = max(top, prob_bits[at])
        score += probs[at] * scores[at]
        distance += probs[at] * distances[at]
    return top, score, distance


@_compiled
def _matching(probs: Floats, kinds: Floats, own: np.float32) -> np.float32:
    """The sum of the probabilities on keys of a kind."""
    total = np.float32(0)
    for at in range(len(probs)):
        total += probs[at] if kinds[at] == own else np.float32(0)
    return total


@_compiled
def _gather(probs: Floats, received: Floats, largest: Floats) -> None:
    """Add a row to what each key received, and keep the largest of each column."""
    for at in range(len(probs)):
        received[at] += probs[at]
        largest[at] = max(largest[at], probs[at])


@_compiled
def reduce(
    raw_NQS: Floats,
    scores_NQS: Floats,
    probs_NQS: Floats,
    largest_N3Q: NDArray[np.int32],
    rows_N7Q: Floats,
    received_NS: Floats,
    largest_NkS: Floats,
    first_Q: NDArray[np.int64],
    stop_Q: NDArray[np.int64],
    before_Q: NDArray[np.int64],
    cell_Q: NDArray[np.int64],
    distances: Floats,
    kinds: Floats,
    kind_Q: Floats,
    bounds: tuple[np.float32, np.float32],
) -> None:
    """Write the sums of a block.

    Args:
        raw_NQS, scores_NQS, probs_NQS: the stages.
        largest_N3Q: gets the largest score, probability and |raw logit|, as the integers of `largest_of`.
        rows_N7Q: gets the sums of p s and p |i - j|, the probability on earlier keys of the same token and on those
            that follow one, the cells beyond each of the bounds, and the sum of |raw - score|.
        received_NS, largest_NkS: zeros; get the sum of each column, and its largest number in each cell of rows.
        first_Q, stop_Q: the visible keys of each row, within the block.
        before_Q: how many keys of the block come before the query.
        cell_Q: the row of the picture that each query belongs to.
        distances: |query - key| by key minus query, from the last query to the first, [Q + S - 1].
        kinds: the token of the key before the first one (-1: none) and of each key, [1 + S].
        kind_Q: the token of each query.
        bounds: of |raw logit|, beyond which cells are counted.
    """
    N, Q, S = probs_NQS.shape
    for head in range(N):
        for row in range(Q):
            probs, scores, before = probs_NQS[head, row], scores_NQS[head, row], before_Q[row]
            seen = slice(first_Q[row], stop_Q[row])
            top, largest, beyond_half, beyond_most, bend = _visible(raw_NQS[head, row, seen], scores[seen], *bounds)
            top_prob, score, distance = _weighted(probs, scores, distances[Q - 1 - row : Q - 1 - row + S])
            largest_N3Q[head, 0, row] = top
            largest_N3Q[head, 1, row] = top_prob
            largest_N3Q[head, 2, row] = largest
            rows_N7Q[head, 0, row] = score
            rows_N7Q[head, 1, row] = distance
            rows_N7Q[head, 2, row] = _matching(probs[:before], kinds[1 : before + 1], kind_Q[row])
            rows_N7Q[head, 3, row] = _matching(probs[:before], kinds[:before], kind_Q[row])
            rows_N7Q[head, 4, row] = beyond_half
            rows_N7Q[head, 5, row] = beyond_most
            rows_N7Q[head, 6, row] = bend
            _gather(probs, received_NS[head], largest_NkS[head, cell_Q[row]])
