"""What a sweep reads off a block, in one pass over its visible cells, compiled by numba (extra `fast`).

Imported by `compiled`, where numba is there. The numbers of `in_torch`, to rounding.

Letters: B texts, N heads, Q query rows of a block, S keys, T tokens of the longest text, F statistics of queries in the
order of `OF_QUERIES`, 2 the largest and the smallest value, b bins, W keys of a row around its peak.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemma2_workbench.compiled import kernel, part

# Sums may be taken in any order, so that a core adds many numbers at once; NaN and infinity keep their meaning.
_FAST = frozenset({"reassoc", "nsz", "contract", "arcp"})

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Whole = NDArray[np.int64]


@part(_FAST)
def _saturation(
    raw: Floats, scores: Floats, bounds: tuple[np.float32, np.float32], sums: Doubles, bits: NDArray[np.int32]
) -> None:
    """Add the visible cells beyond both bounds, and |raw - score|; `bits` get those of the largest |raw|."""
    raw_bits, largest = raw.view(np.int32), bits[0]
    beyond_half, beyond_most, bend = np.float32(0), np.float32(0), np.float32(0)
    half, most = bounds
    for at in range(len(raw)):
        size = abs(raw[at])
        largest = max(largest, raw_bits[at] & np.int32(0x7FFFFFFF))
        beyond_half += np.float32(1) if size > half else np.float32(0)
        beyond_most += np.float32(1) if size > most else np.float32(0)
        bend += abs(raw[at] - scores[at])
    bits[0] = largest
    sums[0] += beyond_half
    sums[1] += beyond_most
    sums[2] += bend


@part(_FAST)
def _weighted(
    probs: Floats, scores: Floats, distances: Floats, bits: NDArray[np.int32]
) -> tuple[np.float32, np.float32]:
    """The sums of probability times score and distance; `bits` get those of the largest probability and score.

    A processor keeps the largest of many integers at once, of floating-point numbers it is not made to by numba; those
    of numbers below 0 are in order with the lower 31 bits turned over.
    """
    prob_bits, score_bits, turned = probs.view(np.int32), scores.view(np.int32), np.int32(0x7FFFFFFF)
    most, top, score, distance = np.int32(0), np.int32(-0x7FFFFFFF), np.float32(0), np.float32(0)
    for at in range(len(probs)):
        most = max(most, prob_bits[at])
        top = max(top, score_bits[at] ^ ((score_bits[at] >> np.int32(31)) & turned))
        score += probs[at] * scores[at]
        distance += probs[at] * distances[at]
    bits[0] = most
    bits[1] = top ^ ((top >> np.int32(31)) & turned)
    return score, distance


@part(_FAST)
def _on_earlier(probs: Floats, keys_since: int, row: int, before_T: Whole) -> tuple[Any, ...]:
    """The probability on earlier keys of the query's token, and on the keys behind them that come before the query."""
    duplicate, followers = np.float32(0), np.float32(0)
    at = before_T[row]
    while at >= 0 and at + 1 >= keys_since:
        if at >= keys_since:
            duplicate += probs[at - keys_since]
        if at + 1 < row:
            followers += probs[at + 1 - keys_since]
        at = before_T[at]
    return duplicate, followers


@part(_FAST)
def _places(values: Floats, probs: Floats, keys_since: int, row: int, before_T: Whole, since_first: int) -> None:
    """The statistics that are probabilities on some keys."""
    duplicate, followers = _on_earlier(probs, keys_since, row, before_T)
    own = row - keys_since
    values[0] = followers if since_first >= 2 else np.float32(np.nan)
    values[1] = np.float32(np.nan) if row == 0 else probs[own - 1] if own > 0 else np.float32(0)
    values[2] = duplicate if since_first >= 1 else np.float32(np.nan)
    values[3] = probs[0] if keys_since == 0 else np.float32(0)
    values[4] = probs[own]


@part(_FAST)
def _bin(value: float, edges: Doubles) -> int:
    """The bin of a number, of 64: how many of the edges behind the first are not above it; the last one is none."""
    at = 0
    for step in (32, 16, 8, 4, 2, 1):
        if edges[at + step] <= value:
            at += step
    return at


@part(_FAST)
def _count(values: Floats, edges_Fb: Doubles, bins_Fb: Whole, sums_3F: Doubles) -> None:
    """Add the values of a row that there are."""
    for number in range(len(values)):
        value = np.float64(values[number])
        if np.isfinite(value):
            sums_3F[0, number] += 1
            sums_3F[1, number] += value
            sums_3F[2, number] += value * value
            bins_Fb[number, _bin(value, edges_Fb[number])] += 1


@part(_FAST)
def _compare(values: Floats, at: int, best_2F: Floats, at_2F: Whole) -> None:
    """Note where the row is the best one; NaN is never larger."""
    for number in range(len(values)):
        if values[number] > best_2F[0, number]:
            best_2F[0, number], at_2F[0, number] = values[number], at
        if -values[number] > best_2F[1, number]:
            best_2F[1, number], at_2F[1, number] = -values[number], at


@part(_FAST)
def _keep(probs_QS: Floats, rows_since: int, keys_since: int, at_2F: Whole, where_2F3: Whole, row_2FW: Floats) -> None:
    """Copy the best rows around their peaks."""
    S, W = probs_QS.shape[1], row_2FW.shape[2]
    for side in range(2):
        for number in range(at_2F.shape[1]):
            at = at_2F[side, number]
            if at < 0:
                continue
            peak = probs_QS[at].argmax()
            first = max(0, min(peak - W // 2, S - W))
            stop = min(S, first + W)
            where, kept = where_2F3[side, number], row_2FW[side, number]
            where[0], where[1], where[2] = rows_since + at, keys_since + peak, keys_since + first
            kept[: stop - first] = probs_QS[at, first:stop]
            kept[stop - first :] = 0


@kernel(_FAST)
def reduce(
    raw_BNQS: Floats,
    scores_BNQS: Floats,
    probs_BNQS: Floats,
    rows_since: int,
    keys_since: int,
    first_Q: Whole,
    stop_Q: Whole,
    distances: Floats,
    most_Q: Floats,
    bounds: tuple[np.float32, np.float32],
    lengths_B: Whole,
    since_B: Whole,
    before_BT: Whole,
    first_BT: Whole,
    edges_Fb: Doubles,
    bins_NFb: Whole,
    sums_BN3F: Doubles,
    saturation_BN4: Doubles,
    best_BN2F: Floats,
    where_BN2F3: Whole,
    row_BN2FW: Floats,
) -> None:
    """Add a block to the sums of its layer, and keep its rows that are better than those of the blocks before.

    Args:
        raw_BNQS, scores_BNQS, probs_BNQS: the stages; the probabilities are the softmax of the visible scores.
        rows_since, keys_since: the positions of the first query and the first key.
        first_Q, stop_Q: the visible keys of each row, within the block.
        distances: |query - key| by key minus query, from the last query to the first, [Q + S - 1].
        most_Q: the largest entropy of a row, ln of its visible keys.
        bounds: of |raw logit|, beyond which cells are counted.
        lengths_B, since_B: tokens of each text, and its first query that counts.
        before_BT, first_BT: where the token of each position stood last before it (-1: nowhere), and where first.
        edges_Fb: of the bins.
        bins_NFb: how many values lie in each.
        sums_BN3F: how many values there are, their sum, and that of their squares.
        saturation_BN4: cells beyond both bounds, sum of |raw - score|, largest |raw|.
        best_BN2F: the largest value, and the smallest with its sign turned.
        where_BN2F3, row_BN2FW: query, most attended key and first key of their rows, and the rows around the peak.
    """
    B, N, Q, S = probs_BNQS.shape
    F = bins_NFb.shape[1]
    values, at_2F, bits = np.empty(F, np.float32), np.empty((2, F), np.int64), np.empty(3, np.int32)
    numbers = bits.view(np.float32)
    for text in range(B):
        for head in range(N):
            numbers[0] = saturation_BN4[text, head, 3]
            at_2F[:] = -1
            for at in range(min(Q, lengths_B[text] - rows_since)):
                seen, row = slice(first_Q[at], stop_Q[at]), rows_since + at
                raw, scores = raw_BNQS[text, head, at, seen], scores_BNQS[text, head, at, seen]
                _saturation(raw, scores, bounds, saturation_BN4[text, head], bits[:1])
                if row < since_B[text]:
                    continue
                probs = probs_BNQS[text, head, at]
                back = Q - 1 - at + first_Q[at]
                score, distance = _weighted(probs[seen], scores, distances[back : back + len(raw)], bits[1:])
                entropy = max(numbers[2] - np.log(numbers[1]) - score, np.float32(0))
                _places(values, probs, keys_since, row, before_BT[text], row - first_BT[text, row])
                values[5], values[7] = entropy, distance
                values[6] = entropy / most_Q[at] if most_Q[at] > 0 else np.float32(np.nan)
                _count(values, edges_Fb, bins_NFb[head], sums_BN3F[text, head])
                # A query that sees one key has no choice: it would be every head's strongest.
                if len(raw) > 1:
                    _compare(values, at, best_BN2F[text, head], at_2F)
            saturation_BN4[text, head, 3] = numbers[0]
            _keep(probs_BNQS[text, head], rows_since, keys_since, at_2F, where_BN2F3[text, head], row_BN2FW[text, head])
