"""The attention of several heads of a layer as one map: their mean, or the largest of them in each cell."""

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

from gemma2_workbench.traces.trace import Trace

OVER = ("mean", "max")


def over_heads(
    trace: Trace,
    layer: int,
    heads: Sequence[int] | None = None,
    over: str = "mean",
    stage: str = "attn_probs",
    rows: range | None = None,
    keys: range | None = None,
) -> Tensor:
    """One stage of the attention of several heads of a layer as one map, float32 [Q, S]; hidden cells stay NaN.

    Args:
        trace, layer, stage, rows, keys: as of `Trace.stage`.
        heads: which heads; None is all of them.
        over: "mean" or "max" of the heads in each cell. Rows of maxima do not sum to 1.

    Raises:
        ValueError: no such layer, head, stage, range or aggregate, or no head.
    """
    if over not in OVER:
        raise ValueError(f"over={over!r} is not allowed; choose {' or '.join(OVER)}")
    chosen = range(trace.heads) if heads is None else heads
    if not chosen:
        raise ValueError("a map over heads needs at least one head")
    maps = (trace.stage(layer, head, stage, rows, keys) for head in chosen)
    total_QS = reduce(torch.add if over == "mean" else torch.maximum, maps)
    return total_QS / len(chosen) if over == "mean" else total_QS
