"""What a map on the page shows: a head, a difference, several heads; between tokens or words; with <bos> or not.

Each is a `Cells`: a function that gives the values and the reasons of any queries and keys, so that a long map is read
in blocks of rows and never whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.pooling import BLOCK_CELLS, Cells, pool_extreme, pool_least
from gemma2_workbench.apps.explorer.stage_scales import AMOUNTS
from gemma2_workbench.traces.over_heads import over_heads
from gemma2_workbench.traces.pair import cell_states
from gemma2_workbench.traces.rollout import rollout, unreached
from gemma2_workbench.views.units import summed

Values: TypeAlias = npt.NDArray[np.float32]
Reasons: TypeAlias = npt.NDArray[np.uint8]
# Cells of all maps that a rollout derives, about 100 million a second.
MOST_ROLLED = 1_000_000_000
# A cell whose reason is neither a mask's nor a change's: it was left out of the map.
LEFT_OUT = 9


@dataclass(frozen=True)
class OneHead:
    """One head; NaN where it has no value."""

    trace: Trace
    stage: str
    layer: int
    head: int

    def __call__(self, rows: range, keys: range) -> tuple[Values, Reasons]:
        """As of `Cells`."""
        value_QS = self.trace.stage(self.layer, self.head, self.stage, rows, keys).numpy()
        return value_QS, self.trace.reasons(self.layer, rows, keys).numpy().astype(np.uint8)

    def pooled(self, rows: range, keys: range, factor: int) -> tuple[Values, Reasons]:
        """See `pooling.Pooling`."""
        value_qs, reason_qs = self.trace.squares(self.layer, self.head, factor, self.stage, rows, keys)
        return value_qs.numpy(), reason_qs.numpy().astype(np.uint8)


def of_heads(trace: Trace, stage: str, heads: Sequence[tuple[int, int]], over: str) -> Cells:
    """The mean or the maximum over several (layer, head); a cell is hidden where all of them hide it.

    Where the mask of one layer hides a cell that another layer sees, there is no attention, and nothing is moved: it
    counts as 0. Of a logit, the layer is left out.
    """
    by_layer: dict[int, list[int]] = {}
    for layer, head in dict.fromkeys(heads):
        by_layer.setdefault(layer, []).append(head)

    def cells(rows: range, keys: range) -> tuple[Values, Reasons]:
        value_LQS, reason_LQS = [], []
        for layer, own in by_layer.items():
            value_LQS.append(over_heads(trace, layer, own, over, stage, rows, keys).numpy())
            reason_LQS.append(trace.reasons(layer, rows, keys).numpy().astype(np.uint8))
        if len(by_layer) == 1:
            return value_LQS[0], reason_LQS[0]
        counts = np.array([len(own) for own in by_layer.values()], np.float32)
        return _joined(np.stack(value_LQS), counts, over, stage in AMOUNTS), np.min(reason_LQS, axis=0)

    return cells


def _joined(value_LQS: Values, counts: Values, over: str, absent_is_zero: bool) -> Values:
    """The maps of several layers as one; NaN where no layer has a value."""
    known_LQS = ~np.isnan(value_LQS)
    filled_LQS = np.where(known_LQS, value_LQS, 0 if absent_is_zero or over == "mean" else -np.inf)
    weight_LQS = counts[:, None, None] * (np.ones_like(known_LQS) if absent_is_zero else known_LQS)
    mean_QS = (filled_LQS * weight_LQS).sum(0) / np.maximum(weight_LQS.sum(0), 1)
    joined_QS = mean_QS if over == "mean" else filled_LQS.max(0)
    return np.where(known_LQS.any(0), joined_QS, np.float32(np.nan)).astype(np.float32)


def of_rollout(trace: Trace, layer: int) -> Cells:
    """Attention rollout up to a layer; hidden is what no path reaches.

    Raises:
        ValueError: the text is so long that it would take minutes.
    """
    tokens = len(trace.tokens)
    blocks = 1 + tokens**2 // BLOCK_CELLS
    if (layer + 1) * trace.heads * tokens**2 * blocks > MOST_ROLLED:
        raise ValueError(f"the rollout of {tokens} tokens takes minutes; choose an earlier layer, or a shorter text")

    def cells(rows: range, keys: range) -> tuple[Values, Reasons]:
        value_QS = rollout(trace, layer, rows)[:, keys.start : keys.stop].numpy()
        return value_QS, unreached(trace, layer, rows, keys).numpy().astype(np.uint8)

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
        whole_QS, reason_QS = cells(rows, keys)
        value_QS, reason_QS = whole_QS.copy(), reason_QS.copy()
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
