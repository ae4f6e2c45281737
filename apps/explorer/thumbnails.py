"""Small pictures of every head, for the grid of layers and heads."""

import numpy as np
import numpy.typing as npt

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.pooling import pool_extreme
from gemma2_workbench.apps.explorer.stage_scales import unit_scale
from gemma2_workbench.traces.stages import STAGES

SIDE = 32
# Deriving reads every map of every head once, about 100 million cells a second.
MAX_DERIVED_CELLS = 64 * 1024 * 1024


def thumbnails(trace: Trace, stage: str) -> npt.NDArray[np.uint8] | None:
    """Every head at a stage as k x k pixels, k = min(32, tokens).

    Returns:
        uint8 [L, N, k, k]; 0 is hidden, 1..255 run over the colour scale of the stage (for a
        diverging scale 128 is zero). A stage without a fixed scale fills it head by head. None if
        the run keeps no picture of the stage and is too long to derive one.
    """
    if stage == "attn_probs" and "thumbnail" in trace.folds:
        largest_LNkk = trace.folds["thumbnail"].numpy()
        # The fold starts from 0 and a probability is more: 0 is a cell without a visible pair.
        return quantised(np.where(largest_LNkk > 0, largest_LNkk, np.nan), stage)
    tokens, layers = len(trace.tokens), len(trace.layers)
    if layers * trace.heads * tokens**2 > MAX_DERIVED_CELLS:
        return None
    side = min(SIDE, tokens)
    starts = -(-np.arange(side) * tokens // side)  # token i is in cell i * side // tokens
    value_LNkk = np.empty((layers, trace.heads, side, side), dtype=np.float32)
    for layer in range(layers):
        hidden_QS = trace.reasons(layer).numpy() != 0
        for head in range(trace.heads):
            value_QS = trace.stage(layer, head, stage).numpy()
            visible_QS = np.where(hidden_QS, np.float32(np.nan), value_QS)
            value_LNkk[layer, head] = pool_extreme(visible_QS, starts, starts)
    return quantised(value_LNkk, stage)


def quantised(value_LNkk: npt.NDArray[np.float32], stage: str) -> npt.NDArray[np.uint8]:
    """Values as steps of the colour scale: 1..255, and 0 for NaN."""
    hidden = np.isnan(value_LNkk)
    value = np.where(hidden, 0.0, value_LNkk)
    scale = unit_scale(stage)
    high = STAGES[stage].high or np.abs(value).max(axis=(2, 3), keepdims=True)
    share = np.divide(value, high, out=np.zeros_like(value), where=np.asarray(high) > 0)
    zero = 128 if scale.kind == "diverging" else 1
    step = zero + (255 - zero) * np.sign(share) * np.clip(np.abs(share), 0, 1) ** scale.power
    return np.where(hidden, 0, np.rint(step)).astype(np.uint8)
