"""What captures and sweeps read off the stages of a block, each in one pass over its visible cells, compiled by numba.

Of the extra `fast`; imported where numba is there. All in one file: numba's cache looks at the file of a kernel, and
would use machine code whose parts have changed in another one.

Letters: B texts, N heads, Q query rows of a block, S keys, T tokens of the longest text, k cells of a side of a
picture, F statistics of queries in the order of `OF_QUERIES`, 2 the largest and the smallest value, b bins, W keys
of a row around its peak.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemma2_workbench.compiled import kernel, part
from gemma2_workbench.teams import Words, array, next_piece, team

# Sums may be taken in any order, so that a core adds many numbers at once; NaN and infinity keep their meaning.
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
Whole = NDArray[np.int64]


@part(_FAST)
def _block(words: Words, at: int) -> tuple[Any, ...]:
    """The stage of a block, the visible keys of its rows, and how many rows each text has."""
    first_Q, stop_Q, rows_B = (
        array(words, at + 4, np.int64),
        array(words, at + 8, np.int64),
        array(words, at + 12, np.int64),
    )
    return array(words, at, np.float32), first_Q[0, 0], stop_Q[0, 0], rows_B[0, 0]


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
        # float32 counts the cells of a row exactly, and faster than integers.
        half_bound, most_bound = np.int32(bounds[0]).view(np.float32), np.int32(bounds[1]).view(np.float32)
        half, most = np.float32(0), np.float32(0)
        for at in range(len(raw)):
            half += np.float32(abs(raw[at]) > half_bound)
            most += np.float32(abs(raw[at]) > most_bound)
        sums_4[0] += half
        sums_4[1] += most
    return here


@team(_FAST)
def add_logits(words: Words) -> None:
    """Add the raw logits of a block to the sums of its layer; a piece of the work is a head.

    Given:
        bounds: the bits of the two of |raw|, of positive numbers in the same order, beyond which cells are counted.
        sums_P4: of each text and head, P of them: cells beyond both bounds, sums of |raw| and |score|.
        largest_P: the bits of the largest |raw|.
        raw_PQS: the stage; padding may follow the rows and the keys.
        first_Q, stop_Q: the visible keys of each row, within the block.
        rows_B: the rows of each text.
    """
    bounds = (np.int32(words[1]), np.int32(words[2]))
    sums_P4, largest_P = array(words, 3, np.float64)[0], array(words, 7, np.int32)[0, 0]
    raw_PQS, first_Q, stop_Q, rows_B = _block(words, 11)
    N = len(raw_PQS) // len(rows_B)
    head = next_piece(words)
    while head < N:
        for text in range(len(rows_B)):
            place = text * N + head
            for row in range(rows_B[text]):
                raw = raw_PQS[place, row, first_Q[row] : stop_Q[row]]
                largest_P[place] = max(largest_P[place], _logits_of(raw, bounds, sums_P4[place]))
        head = next_piece(words)


@part(_FAST)
def _scores_of(scores: Floats, sums_4: Doubles) -> np.int32:
    """Add a row to the sums of its head; its largest score, as the integer of `fused._largest_of`."""
    bits, top, size = scores.view(np.int32), np.int32(-0x7FFFFFFF), np.float64(0)
    for at in range(len(scores)):
        top = max(top, bits[at] ^ ((bits[at] >> np.int32(31)) & _SIZE))
        size += np.float64(abs(scores[at]))
    sums_4[3] += size
    return top


@team(_FAST)
def add_scores(words: Words) -> None:
    """Add the scores of a block to the sums of its layer; see `add_logits`.

    Given, besides what that is:
        query: the first of the block.
        tops_PT: gets the largest score of each query, as the integer of `fused._largest_of`.
    """
    query, sums_P4, tops_PT = words[1], array(words, 2, np.float64)[0], array(words, 6, np.int32)[0]
    scores_PQS, first_Q, stop_Q, rows_B = _block(words, 10)
    N = len(scores_PQS) // len(rows_B)
    head = next_piece(words)
    while head < N:
        for text in range(len(rows_B)):
            place = text * N + head
            for row in range(rows_B[text]):
                scores = scores_PQS[place, row, first_Q[row] : stop_Q[row]]
                tops_PT[place, query + row] = _scores_of(scores, sums_P4[place])
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
def _repeated(probs: Floats, earlier_T: Whole, query: int, start: int) -> tuple[Any, ...]:
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
def add_probs_of_text(words: Words) -> None:
    """Write the sums of a block of probabilities of one text into those of its layer.

    Given, in place of the sums of `add_logits`:
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
    probs_NQS, first_Q, stop_Q, _ = _block(words, 28)
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


@part(_FAST)
def _places(values_F: Floats, probs: Floats, keys_since: int, row: int, before_T: Whole, since_first: int) -> None:
    """The statistics that are probabilities on some keys."""
    duplicate, followers = _repeated(probs, before_T, row, keys_since)
    own = row - keys_since
    values_F[0] = followers if since_first >= 2 else np.float32(np.nan)
    values_F[1] = np.float32(np.nan) if row == 0 else probs[own - 1] if own > 0 else np.float32(0)
    values_F[2] = duplicate if since_first >= 1 else np.float32(np.nan)
    values_F[3] = probs[0] if keys_since == 0 else np.float32(0)
    values_F[4] = probs[own]


@part(_FAST)
def _bin(value: float, edges: Doubles, bins_a_unit: float) -> int:
    """The bin of a number, of 64: how many of the edges behind the first are not above it; the last one is none."""
    if bins_a_unit > 0:
        return min(int(value * bins_a_unit), 63)
    at = 0
    for step in (32, 16, 8, 4, 2, 1):
        if edges[at + step] <= value:
            at += step
    return at


@part(_FAST)
def _count(values_Q: Floats, edges: Doubles, bins_a_unit: float, bins: Whole, sums_3: Doubles) -> None:
    """Add the values of one statistic that there are."""
    count, total, squares = 0, np.float64(0), np.float64(0)
    for at in range(len(values_Q)):
        value = np.float64(values_Q[at])
        if np.isfinite(value):
            count += 1
            total += value
            squares += value * value
            bins[_bin(value, edges, bins_a_unit)] += 1
    sums_3[0] += count
    sums_3[1] += total
    sums_3[2] += squares


@part(_FAST)
def _compare(values_Q: Floats, first_Q: Whole, stop_Q: Whole, best_2: Floats, at_2: Whole) -> None:
    """Note the best rows of one statistic, -1 for none; NaN is never larger.

    A query that sees one key has no choice: it would be every head's strongest.
    """
    largest, smallest = best_2[0], -best_2[1]
    at_2[:] = -1
    for at in range(len(values_Q)):
        value = values_Q[at]
        if (value > largest or value < smallest) and stop_Q[at] - first_Q[at] > 1:
            if value > largest:
                largest, at_2[0] = value, at
            if value < smallest:
                smallest, at_2[1] = value, at
    best_2[0], best_2[1] = largest, -smallest


@part(_FAST)
def _keep(probs_QS: Floats, rows_since: int, keys_since: int, at: int, where_3: Whole, row_W: Floats) -> None:
    """Copy a row around its peak."""
    S, W = probs_QS.shape[1], len(row_W)
    peak = probs_QS[at].argmax()
    first = max(0, min(peak - W // 2, S - W))
    stop = min(S, first + W)
    where_3[0], where_3[1], where_3[2] = rows_since + at, keys_since + peak, keys_since + first
    row_W[: stop - first] = probs_QS[at, first:stop]
    row_W[stop - first :] = 0


@kernel(_FAST)
def add_probs_of_batch(
    probs_BNQS: Floats,
    rows_since: int,
    keys_since: int,
    first_Q: Whole,
    stop_Q: Whole,
    distances: Floats,
    most_Q: Floats,
    lengths_B: Whole,
    since_B: Whole,
    before_BT: Whole,
    first_BT: Whole,
    edges_Fb: Doubles,
    bins_a_unit_F: Doubles,
    bins_NFb: Whole,
    sums_BNF3: Doubles,
    best_BNF2: Floats,
    where_BNF23: Whole,
    row_BNF2W: Floats,
) -> None:
    """Add the probabilities of a block to the sums of its layer, and keep its rows that are better than those before.

    Args:
        probs_BNQS: the stage.
        rows_since, keys_since: the positions of the first query and the first key.
        first_Q, stop_Q: the visible keys of each row, within the block.
        distances: |query - key| by key minus query, from the last query to the first, [Q + S - 1].
        most_Q: the largest entropy of a row, ln of its visible keys.
        lengths_B, since_B: tokens of each text, and its first query that counts.
        before_BT, first_BT: where the token of each position stood last before it (-1: nowhere), and where first.
        edges_Fb: of the bins.
        bins_a_unit_F: how many there are from 0 to 1 where all are as wide, from 0 on; 0 else.
        bins_NFb: how many values lie in each.
        sums_BNF3: how many values there are, their sum, and that of their squares.
        best_BNF2: the largest value, and the smallest with its sign turned.
        where_BNF23, row_BNF2W: query, most attended key and first key of their rows, and the rows around the peak.
    """
    B, N, Q, _ = probs_BNQS.shape
    F = len(edges_Fb)
    values_FQ, at_2 = np.empty((F, Q), np.float32), np.empty(2, np.int64)
    for text in range(B):
        first, stop = max(0, since_B[text] - rows_since), min(Q, lengths_B[text] - rows_since)
        counted = slice(first, max(first, stop))
        for head in range(N):
            for at in range(counted.start, counted.stop):
                seen, row, probs = slice(first_Q[at], stop_Q[at]), rows_since + at, probs_BNQS[text, head, at]
                values_F, back = values_FQ[:, at], Q - 1 - at
                _places(values_F, probs, keys_since, row, before_BT[text], row - first_BT[text, row])
                entropy, distance, _ = _row(probs[seen], distances[back + seen.start : back + seen.stop])
                values_F[5], values_F[7] = entropy, distance
                values_F[6] = entropy / most_Q[at] if most_Q[at] > 0 else np.float32(np.nan)
            for number in range(F):
                values_Q, best_2 = values_FQ[number, counted], best_BNF2[text, head, number]
                sums_3 = sums_BNF3[text, head, number]
                _count(values_Q, edges_Fb[number], bins_a_unit_F[number], bins_NFb[head, number], sums_3)
                _compare(values_Q, first_Q[counted], stop_Q[counted], best_2, at_2)
                for side in range(2):
                    if at_2[side] >= 0:
                        where_3, row_W = where_BNF23[text, head, number, side], row_BNF2W[text, head, number, side]
                        _keep(
                            probs_BNQS[text, head], rows_since, keys_since, counted.start + at_2[side], where_3, row_W
                        )
