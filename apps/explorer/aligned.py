"""`aligned_map`: one head in two runs whose tokens are aligned: cells of two texts, laid beside each other."""

from typing import NamedTuple

import numpy as np
from starlette.requests import Request

from gemma2_workbench import Pair, Trace, compare
from gemma2_workbench.apps.explorer.pooling import Cells
from gemma2_workbench.apps.explorer.requested import choice
from gemma2_workbench.apps.explorer.sinks import has_sinks
from gemma2_workbench.apps.serving.refusal import Refusal
from gemma2_workbench.traces.pair import HIDDEN_AFTER, HIDDEN_BEFORE

SIDES = ("difference", "before", "after")


class AlignedMap(NamedTuple):
    """The map, how many positions the two texts share, and the column of learned sinks; None where there is none."""

    cells: Cells
    size: int
    sinks: Cells | None


def aligned_map(request: Request, before: Trace, after: Trace, stage: str, layer: int, head: int) -> AlignedMap:
    """The map of `show=before`, `after` or their difference.

    Rows and keys count the shared tokens, in order. In the difference, a cell that either mask hides has no value and
    the state of `Pair.cells`.

    Raises:
        Refusal: the texts share no token, or the models are of two shapes.
    """
    try:
        pair = compare(before, after)
    except ValueError as error:
        raise Refusal(400, str(error)) from error
    side = choice(request, "show", SIDES)
    return AlignedMap(
        _cells(pair, side, stage, layer, head), len(pair.positions), _sinks(pair, side, stage, layer, head)
    )


def _cells(pair: Pair, side: str, stage: str, layer: int, head: int) -> Cells:
    others = {"before": HIDDEN_AFTER, "after": HIDDEN_BEFORE}  # what only the other run hides

    def cells(rows: range, keys: range) -> tuple[np.ndarray, np.ndarray]:
        before, after, state = (part.numpy() for part in pair.cells(layer, head, stage, rows, keys))
        states = state.astype(np.uint8)
        if side != "difference":
            return before if side == "before" else after, np.where(states == others[side], np.uint8(0), states)
        return np.where(states == 0, after - before, np.float32(np.nan)), states

    return cells


def _sinks(pair: Pair, side: str, stage: str, layer: int, head: int) -> Cells | None:
    """What the learned sink takes of the shared rows, or how much more it takes after; None where either has none."""
    if not all(has_sinks(trace, stage, [layer]) for trace in (pair.before, pair.after)):
        return None

    def shares(rows: range, _: range) -> tuple[np.ndarray, np.ndarray]:
        before_Q, after_Q = (
            trace.sink_share(layer, head).numpy()[[both[at] for both in pair.positions[rows.start : rows.stop]]]
            for at, trace in enumerate((pair.before, pair.after))
        )
        share_Q1 = {"before": before_Q, "after": after_Q}.get(side, after_Q - before_Q)[:, None].astype(np.float32)
        return share_Q1, np.zeros(share_Q1.shape, np.uint8)

    return shares
