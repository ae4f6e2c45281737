"""`aligned_map`: one head in two runs whose tokens are aligned: cells of two texts, laid beside each other."""

import numpy as np
from starlette.requests import Request

from gemma2_workbench import Pair, Trace, compare
from gemma2_workbench.apps.explorer.pooling import Cells
from gemma2_workbench.apps.explorer.requested import choice
from gemma2_workbench.apps.serving.refusal import Refusal
from gemma2_workbench.traces.pair import HIDDEN_AFTER, HIDDEN_BEFORE

SIDES = ("difference", "before", "after")


def aligned_map(request: Request, before: Trace, after: Trace, stage: str, layer: int, head: int) -> tuple[Cells, int]:
    """The map of `show=before`, `after` or their difference, and how many positions the two texts share.

    Rows and keys count the shared tokens, in order. In the difference, a cell that either mask hides has no value and
    the state of `Pair.cells`.

    Raises:
        Refusal: the texts share no token, or the models are of two shapes.
    """
    try:
        pair = compare(before, after)
    except ValueError as error:
        raise Refusal(400, str(error)) from error
    return _cells(pair, choice(request, "show", SIDES), stage, layer, head), len(pair.positions)


def _cells(pair: Pair, side: str, stage: str, layer: int, head: int) -> Cells:
    others = {"before": HIDDEN_AFTER, "after": HIDDEN_BEFORE}  # what only the other run hides

    def cells(rows: range, keys: range) -> tuple[np.ndarray, np.ndarray]:
        before, after, state = (part.numpy() for part in pair.cells(layer, head, stage, rows, keys))
        states = state.astype(np.uint8)
        if side != "difference":
            return before if side == "before" else after, np.where(states == others[side], np.uint8(0), states)
        return np.where(states == 0, after - before, np.float32(np.nan)), states

    return cells
