"""All sums over a block in one pass, compiled by numba (extra `fast`); imported by `fused`, where numba is there.

Letters: Q query rows of a block, S keys, N heads, T tokens, k cells of a side of a picture.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemma2_workbench.compiled import kernel, part

# Sums may be taken in any order, so that a core adds many numbers at once.
_FAST = True

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


@part(_FAST)
def _row(
    raw: Floats, scores: Floats, probs: Floats, distances: Floats, half: np.int32, most: np.int32
) -> tuple[Any, ...]:
    """Of the visible cells of a row, in one loop: what is summed of each rests in the registers.

    Largest score, probability and |raw logit|, as the integers of `largest_of`; sums of probability times score and
    times distance; cells beyond both bounds; sum of |raw - score|.
    """
    raw_bits, score_bits, prob_bits = raw.view(np.int32), scores.view(np.int32), probs.view(np.int32)
    top, top_prob, largest = np.int32(-0x7FFFFFFF), np.int32(0), np.int32(0)
    score, distance, bend = np.float32(0), np.float32(0), np.float32(0)
    beyond_half, beyond_most = np.int32(0), np.int32(0)
    for at in range(len(raw)):
        top = max(top, score_bits[at] ^ ((score_bits[at] >> np.int32(31)) & np.int32(0x7FFFFFFF)))
        top_prob = max(top_prob, prob_bits[at])
        score += probs[at] * scores[at]
        distance += probs[at] * distances[at]
        size = raw_bits[at] & np.int32(0x7FFFFFFF)
        largest = max(largest, size)
        beyond_half += np.int32(size > half)
        beyond_most += np.int32(size > most)
        bend += abs(raw[at] - scores[at])
    return top, top_prob, largest, score, distance, beyond_half, beyond_most, bend


@part(_FAST)
def _repeated(probs: Floats, earlier_T: Places, query: int, start: int) -> tuple[Any, ...]:
    """The probability on earlier keys of the token of the query, and on those that follow one, before the query."""
    duplicate, followers = np.float32(0), np.float32(0)
    at = earlier_T[query]
    while at >= max(0, start - 1):
        if at >= start:
            duplicate += probs[at - start]
        if at + 1 < query:
            followers += probs[at + 1 - start]
        at = earlier_T[at]
    return duplicate, followers


@part(_FAST)
def _gather(probs: Floats, received: Floats, largest: Floats) -> None:
    """Add a row to what each key received, and keep the largest of each column."""
    for at in range(len(probs)):
        received[at] += probs[at]
        largest[at] = max(largest[at], probs[at])


@kernel(_FAST)
def reduce(
    raw_NQS: Floats,
    scores_NQS: Floats,
    probs_NQS: Floats,
    largest_N3T: NDArray[np.int32],
    rows_NrT: Floats,
    received_NT: Floats,
    by_row_NkT: Floats,
    first_Q: Places,
    stop_Q: Places,
    starts: tuple[int, int],
    keys: int,
    distances: Floats,
    earlier_T: Places,
    bounds: tuple[np.int32, np.int32],
) -> None:
    """Write the sums of a block into those of its layer.

    Args:
        raw_NQS, scores_NQS, probs_NQS: the stages; padding may follow the rows and the keys.
        largest_N3T: gets the largest score, probability and |raw logit| of each query, as the integers of `largest_of`.
        rows_NrT: gets `fused.ROWS` of each query.
        received_NT, by_row_NkT: to the first the sum of each column is added; the second keeps its largest number in
            each cell of rows.
        first_Q, stop_Q: the visible keys of each row, within the block; as many as there are rows.
        starts: the first query and the first key.
        keys: how many there are.
        distances: |query - key| by key minus query, from 1 - T to T - 1.
        earlier_T: where the token of each position stood last before it; -1 for nowhere.
        bounds: the bits of those of |raw logit| beyond which cells are counted: of positive numbers in the same order.
    """
    N, Q, T, k = len(probs_NQS), len(first_Q), rows_NrT.shape[2], by_row_NkT.shape[1]
    query, start = starts
    columns = slice(start, start + keys)
    for head in range(N):
        rows_rT, largest_3T, received = rows_NrT[head], largest_N3T[head], received_NT[head, columns]
        for row in range(Q):
            at, probs = query + row, probs_NQS[head, row, :keys]
            seen = slice(first_Q[row], stop_Q[row])
            away = slice(T - 1 - at + start + seen.start, T - 1 - at + start + seen.stop)
            top, top_prob, largest, score, distance, half, most, bend = _row(
                raw_NQS[head, row, seen],
                scores_NQS[head, row, seen],
                probs[seen],
                distances[away],
                bounds[0],
                bounds[1],
            )
            largest_3T[0, at], largest_3T[1, at], largest_3T[2, at] = top, top_prob, largest
            rows_rT[0, at], rows_rT[1, at] = score, distance
            rows_rT[2, at], rows_rT[3, at] = _repeated(probs, earlier_T, at, start)
            rows_rT[4, at], rows_rT[5, at], rows_rT[6, at] = half, most, bend
            rows_rT[7, at] = probs[0] if start == 0 else np.float32(0)
            rows_rT[8, at] = probs[at - start] if 0 <= at - start < keys else np.float32(0)
            rows_rT[9, at] = probs[at - 1 - start] if 0 <= at - 1 - start < keys else np.float32(0)
            _gather(probs, received, by_row_NkT[head, at * k // T, columns])
