"""`overview`: a map as the small picture that its run has gathered already, to be drawn until finer numbers come."""

from typing import NamedTuple

import numpy as np

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.maps import Reasons, Values


class Overview(NamedTuple):
    """A map of k x k squares: values, reasons, and the most that a learned sink takes of a row, [k]; None without."""

    values: Values
    reasons: Reasons
    sinks: Values | None


def overview(trace: Trace, layer: int, head: int) -> Overview | None:
    """The largest probability of each of k x k squares, k = min(32, tokens); None where a run has kept none.

    A square without a visible cell has no value, and the reason of the cell in its middle.

    Raises:
        ValueError: the probabilities of the head were patched.
    """
    if "folds" not in trace.readings or "thumbnail" not in trace.folds:
        return None
    trace.stage(layer, head, "attn_probs", range(1), range(1))
    largest_kk = trace.folds["thumbnail"][layer, head].numpy()
    tokens, side = len(trace.tokens), len(largest_kk)
    starts, middles = (-(-np.arange(side) * tokens // side), (2 * np.arange(side) + 1) * tokens // (2 * side))
    rows = [trace.reasons(layer, range(at, at + 1))[0].numpy()[middles] for at in middles.tolist()]
    # The fold starts from 0 and a probability is more: 0 is a square without a visible cell.
    reason_kk = np.where(largest_kk > 0, 0, np.stack(rows)).astype(np.uint8)
    has_sink = trace.layers[layer].sinks is not None
    sinks = np.maximum.reduceat(trace.sink_share(layer, head).numpy(), starts) if has_sink else None
    return Overview(np.where(reason_kk == 0, largest_kk, np.float32(np.nan)), reason_kk, sinks)
