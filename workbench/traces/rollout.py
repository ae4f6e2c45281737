"""Attention rollout: attention over all layers, as one map.

Letters: T tokens, Q query rows, S keys, b rows of a block.
"""

import torch
from torch import Tensor

from gemma2_workbench.model.equation import BLOCK_ROWS, blocks
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.model.reason import Reason
from gemma2_workbench.traces.over_heads import over_heads
from gemma2_workbench.traces.trace import Trace


def rollout(trace: Trace, layer: int | None = None, rows: range | None = None) -> Tensor:
    """Attention rollout: how much of each input token is in a query after some layers, float32 [Q, T].

    In each layer the mean over the heads and the residual stream count half each, 0.5 A + 0.5 I, rows renormalised, and
    the layers are multiplied (Abnar and Zuidema 2020, arXiv 2005.00928). It ignores values and MLPs, and takes for
    granted that every head, and attention and residual stream, weigh the same: a map of where information can have
    come from, not of what was used. Rows sum to 1; cells that no path reaches are NaN.

    Only the chosen rows are carried through the layers, against maps that are derived block by block: nothing of the
    size T x T is held.

    Args:
        trace: a run.
        layer: the last layer that counts; None is the last one of the model.
        rows: queries, default all.

    Raises:
        ValueError: no such layer or rows, or a layer whose probabilities were patched.
    """
    last = len(trace.layers) - 1 if layer is None else layer
    T = len(trace.tokens)
    rows = range(T) if rows is None else rows
    hidden_QT = unreached(trace, last, rows, range(T)) != Reason.VISIBLE
    flow_QT = torch.zeros(len(rows), T)
    flow_QT[torch.arange(len(rows)), torch.arange(rows.start, rows.stop)] = 1
    for at in range(last, -1, -1):
        flow_QT = _through(trace, at, flow_QT)
    return flow_QT.masked_fill(hidden_QT, torch.nan)


def unreached(trace: Trace, layer: int, rows: range, keys: range) -> Tensor:
    """Why no path from a key reaches a query within the layers up to `layer`, int8 [Q, S] of `Reason`; 0: one does.

    Raises:
        ValueError: a layer or range that the trace does not have.
    """
    trace.reasons(layer, rows, keys)
    return _reach(trace, layer).reasons(rows, keys)[0]


def _reach(trace: Trace, layer: int) -> Mask:
    """The masks of some layers one behind the other: windows add up, and one global layer sees everything."""
    passed = trace.layers[: layer + 1]
    causal = all(info.causal for info in passed)
    windows = [info.window for info in passed if info.window is not None]
    if len(windows) < len(passed):
        return Mask(None, causal=causal)
    # A causal window counts the query itself.
    return Mask(sum(window - causal for window in windows) + causal, causal=causal)


def _through(trace: Trace, layer: int, flow_QT: Tensor) -> Tensor:
    """What flows on to the input of a layer: flow (0.5 A + 0.5 I), with A derived block by block."""
    T = flow_QT.shape[1]
    passed_QT = torch.zeros_like(flow_QT)
    for block in blocks(range(T), BLOCK_ROWS):
        own = slice(block.start, block.stop)
        if not flow_QT[:, own].any():
            continue
        seen = trace.layers[layer].mask.reach(block, range(T))
        mean_bS = over_heads(trace, layer, rows=block, keys=seen).nan_to_num()
        mean_bS = mean_bS / mean_bS.sum(-1, keepdim=True)
        passed_QT[:, seen.start : seen.stop] += flow_QT[:, own] @ mean_bS
    return 0.5 * (flow_QT + passed_QT)
