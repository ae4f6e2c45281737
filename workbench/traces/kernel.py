"""What a capture reads off the stages of a block, each in one pass over its visible cells, compiled by numba.

Of the extra `fast`; imported by `fused`, where numba is there. A piece of the work is a head.

Letters: Q query rows of a block, S keys, N heads, T tokens, k cells of a side of a picture.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemma2_workbench.compiled import part
from gemma2_workbench.teams import Words, array, next_piece, team

# Sums may be taken in any order, so that a core adds many numbers at once; infinity keeps its meaning.
_FAST = frozenset({"reassoc", "nsz", "contract", "arcp"})
# log2(1 + x) between 0 and 1, by the powers of x, right to 5e-8: at the zeros of a Chebyshev polynomial.
_LOG2 = tuple(
    np.float32(factor)
    for factor in (
        *(4.8863580e-08, 1.4426868, -0.72111463, 0.47832355, -0.34599602),
        *(0.23923166, -0.13453425, 0.050277509, -0.0088746967),
    )
)
_LN2 = np.float32(0.6931471805599453)
_SIZE = np.int32(0x7FFFFFFF)  # all bits but the sign

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Places = NDArray[np.int64]


@part(_FAST)
def _logits_of(raw: Floats, bounds: tuple[np.int32, np.int32], sums_4: Doubles) -> np.int32:
    """Add a row to the sums of its head; the bits of its largest |raw|."""
    raw_bits, here, size = raw.view(np.int32), np.int32(0), np.float64(0)
    for at in range(len(raw)):
        # A processor keeps the largest of many integers at once, of floating-point numbers it is not made to by numba.
        here = max(here, raw_bits[at] & _SIZE)
        size += np.float64(abs(raw[at]))
    sums_4[2] += size
    if here > bounds[0]:
        half, most = np.int32(0), np.int32(0)
        for at in range(len(raw)):
            half += np.int32((raw_bits[at] & _SIZE) > bounds[0])
            most += np.int32((raw_bits[at] & _SIZE) > bounds[1])
        sums_4[0] += half
        sums_4[1] += most
    return here


@team(_FAST)
def add_logits(words: Words) -> None:
    """Add the raw logits of a block to the sums of its layer.

    Given:
        bounds: the bits of the two of |raw|, of positive numbers in the same order, beyond which cells are counted.
        sums_N4: cells beyond both bounds, sums of |raw| and |score|.
        largest_N: the bits of the largest |raw|.
        raw_NQS: the stage; padding may follow the rows and the keys.
        first_Q, stop_Q: the visible keys of each row, within the block; as many as there are rows.
    """
    bounds = (np.int32(words[1]), np.int32(words[2]))
    sums_N4, largest_N = array(words, 3, np.float64)[0], array(words, 7, np.int32)[0, 0]
    raw_NQS = array(words, 11, np.float32)
    first_Q, stop_Q = array(words, 15, np.int64)[0, 0], array(words, 19, np.int64)[0, 0]
    head = next_piece(words)
    while head < len(raw_NQS):
        for row in range(len(first_Q)):
            raw = raw_NQS[head, row, first_Q[row] : stop_Q[row]]
            largest_N[head] = max(largest_N[head], _logits_of(raw, bounds, sums_N4[head]))
        head = next_piece(words)


@part(_FAST)
def _scores_of(scores: Floats, sums_4: Doubles) -> np.int32:
    """Add a row to the sums of its head; its largest score, as the integer of `largest_of`."""
    bits, top, size = scores.view(np.int32), np.int32(-0x7FFFFFFF), np.float64(0)
    for at in range(len(scores)):
        top = max(top, bits[at] ^ ((bits[at] >> np.int32(31)) & _SIZE))
        size += np.float64(abs(scores[at]))
    sums_4[3] += size
    return top


@team(_FAST)
def add_scores(words: Words) -> None:
    """Add the scores of a block to the sums of its layer.

    Given, besides what `add_logits` is:
        query: the first of the block.
        tops_NT: gets the largest score of each query, as the integer of `largest_of`.
    """
    query, sums_N4, tops_NT = words[1], array(words, 2, np.float64)[0], array(words, 6, np.int32)[0]
    scores_NQS = array(words, 10, np.float32)
    first_Q, stop_Q = array(words, 14, np.int64)[0, 0], array(words, 18, np.int64)[0, 0]
    head = next_piece(words)
    while head < len(scores_NQS):
        for row in range(len(first_Q)):
            scores = scores_NQS[head, row, first_Q[row] : stop_Q[row]]
            tops_NT[head, query + row] = _scores_of(scores, sums_N4[head])
        head = next_piece(words)


@part(_FAST)
def _row(probs: Floats, distances: Floats) -> tuple[Any, ...]:
    """Of the visible cells of a row: entropy, nats; the sum of probability times distance; bits of the largest.

    A number is 2^e (1 + x): so is its logarithm e + log2(1 + x), and that of nothing a number, so that 0 log 0 is 0.
    """
    bits, entropy, distance, top = probs.view(np.int32), np.float32(0), np.float32(0), np.int32(0)
    for at in range(len(probs)):
        top = max(top, bits[at])
        x = np.float32(bits[at] & np.int32(0x7FFFFF)) * np.float32(2.0**-23)
        log = _LOG2[8]
        for power in (7, 6, 5, 4, 3, 2, 1, 0):
            log = log * x + _LOG2[power]
        entropy += probs[at] * (log + np.float32((bits[at] >> np.int32(23)) - np.int32(127)))
        distance += probs[at] * distances[at]
    return max(-_LN2 * entropy, np.float32(0)), distance, top


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


@team(_FAST)
def add_probs(words: Words) -> None:
    """Write the sums of a block of probabilities into those of its layer.

    Given, besides what `add_logits` is:
        query, start: the first query and the first key.
        keys: how many there are.
        distances: |query - key| by key minus query, from 1 - T to T - 1.
        earlier_T: where the token of each position stood last before it; -1 for nowhere.
        tops_NT: gets the largest probability of each query, its bits.
        rows_NrT: gets `fused.ROWS` of each query.
        received_NT, by_row_NkT: to the first the sum of each column is added; the second keeps its largest number in
            each cell of rows.
    """
    query, start, keys = words[1], words[2], words[3]
    distances, earlier_T = array(words, 4, np.float32)[0, 0], array(words, 8, np.int64)[0, 0]
    tops_NT, rows_NrT = array(words, 12, np.int32)[0], array(words, 16, np.float32)
    received_NT, by_row_NkT = array(words, 20, np.float32)[0], array(words, 24, np.float32)
    probs_NQS = array(words, 28, np.float32)
    first_Q, stop_Q = array(words, 32, np.int64)[0, 0], array(words, 36, np.int64)[0, 0]
    T, k, columns = rows_NrT.shape[2], by_row_NkT.shape[1], slice(start, start + keys)
    head = next_piece(words)
    while head < len(probs_NQS):
        rows_rT, received = rows_NrT[head], received_NT[head, columns]
        for row in range(len(first_Q)):
            at, probs = query + row, probs_NQS[head, row, :keys]
            seen = slice(first_Q[row], stop_Q[row])
            away = slice(T - 1 - at + start + seen.start, T - 1 - at + start + seen.stop)
            rows_rT[0, at], rows_rT[1, at], tops_NT[head, at] = _row(probs[seen], distances[away])
            rows_rT[2, at], rows_rT[3, at] = _repeated(probs, earlier_T, at, start)
            rows_rT[4, at] = probs[0] if start == 0 else np.float32(0)
            rows_rT[5, at] = probs[at - start] if 0 <= at - start < keys else np.float32(0)
            rows_rT[6, at] = probs[at - 1 - start] if 0 <= at - 1 - start < keys else np.float32(0)
            _gather(probs, received, by_row_NkT[head, at * k // T, columns])
        head = next_piece(words)
