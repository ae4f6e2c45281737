"""What a map on the page shows: a head, a difference, several heads; between tokens or words; with <bos> or not.

Each is a `Cells`: a function that gives the values and the reasons of any queries and keys, so that a long map is read
in blocks of rows and never whole.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.pooling import Cells, pool_extreme, pool_least
from gemma2_workbench.traces.pair import cell_states
from gemma2_workbench.views.units import summed

Values: TypeAlias = npt.NDArray[np.float32]
Reasons: TypeAlias = npt.NDArray[np.uint8]
OVER = ("mean", "max")
# A cell whose reason is neither a mask's nor a change's: it was left out of the map.
LEFT_OUT = 7


def of_head(trace: Trace, stage: str, layer: int, head: int) -> Cells:
    """One head; NaN where it has no value."""

    def cells(rows: range, keys: range) -> tuple[Values, Reasons]:
        value_QS = trace.stage(layer, head, stage, rows, keys).numpy()
        return value_QS, trace.reasons(layer, rows, keys).numpy().astype(np.uint8)

    return cells


def over_heads(parts: Sequence[Cells], over: str, absent: float) -> Cells:
    """The mean or the maximum over several maps; a cell is hidden where all of them hide it.

    Args:
        parts: the maps.
        over: "mean" or "max".
        absent: what a map counts as where it alone hides a cell: 0 for a probability, NaN to leave it out.
    """

    def cells(rows: range, keys: range) -> tuple[Values, Reasons]:
        shape = (len(rows), len(keys))
        total_QS, count_QS, largest_QS = np.zeros(shape), np.zeros(shape), np.full(shape, np.nan)
        known_QS, least_QS = np.zeros(shape, bool), np.full(shape, 255, np.uint8)
        for part in parts:
            value_QS, reason_QS = part(rows, keys)
            filled_QS = np.where(np.isnan(value_QS), absent, value_QS)
            total_QS += np.nan_to_num(filled_QS)
            count_QS += ~np.isnan(filled_QS)
            largest_QS = np.fmax(largest_QS, filled_QS)
            known_QS |= ~np.isnan(value_QS)
            least_QS = np.minimum(least_QS, reason_QS)
        joined_QS = total_QS / np.maximum(count_QS, 1) if over == "mean" else largest_QS
        return np.where(known_QS, joined_QS, np.nan).astype(np.float32), least_QS

    return cells


def minus(after: Cells, before: Cells) -> Cells:
    """The second map taken from the first; NaN, with both reasons as one state, where either hides a cell.

    The states are those of `Pair.cells`: a reason of `model.Reason` where both hide it, HIDDEN_BEFORE or HIDDEN_AFTER
    where one does.
    """

    def cells(rows: range, keys: range) -> tuple[Values, Reasons]:
        new_QS, new_reason_QS = after(rows, keys)
        old_QS, old_reason_QS = before(rows, keys)
        state_QS = cell_states(torch.from_numpy(old_reason_QS), torch.from_numpy(new_reason_QS)).numpy()
        return np.where(state_QS == 0, new_QS - old_QS, np.float32(np.nan)), state_QS

    return cells


def without_first(cells: Cells, renormalised: bool, tokens: int) -> Cells:
    """The map without its first key; renormalised, every row is divided by what is left of it."""

    def left(rows: range, keys: range) -> tuple[Values, Reasons]:
        value_QS, reason_QS = (part.copy() for part in cells(rows, keys))
        if renormalised:
            rest_QS, _ = cells(rows, range(1, tokens)) if tokens > 1 else (value_QS[:, :0], None)
            total_Q1 = np.nansum(rest_QS, -1, keepdims=True)
            value_QS /= np.where(total_Q1 > 0, total_Q1, 1)
        if keys.start == 0:
            value_QS[:, 0] = np.nan
            reason_QS[:, 0] = np.where(reason_QS[:, 0] == 0, LEFT_OUT, reason_QS[:, 0])
        return value_QS, reason_QS

    return left


def between_units(cells: Cells, starts: npt.NDArray[np.intp], tokens: int, sums: bool) -> Cells:
    """The map between words, which begin at `starts`; the ranges it is asked for count words.

    Args:
        cells: the map between tokens.
        starts: where words begin [W].
        tokens: T.
        sums: whether the quantity adds up, see `views.units`.
    """
    stops = np.append(starts, tokens)
    join = summed if sums else pool_extreme

    def merged(rows: range, keys: range) -> tuple[Values, Reasons]:
        first = [int(starts[part.start]) for part in (rows, keys)]
        row_range, key_range = (
            range(start, int(stops[part.stop])) for start, part in zip(first, (rows, keys), strict=True)
        )
        value_QS, reason_QS = cells(row_range, key_range)
        inside = [starts[part.start : part.stop] - start for start, part in zip(first, (rows, keys), strict=True)]
        return join(value_QS, *inside).astype(np.float32), pool_least(reason_QS, *inside)

    return merged
