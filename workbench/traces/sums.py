"""Whether the numbers of a trace belong together: what q, k, the mask and the log-sums give must be probabilities."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gemma2_workbench.traces.trace import Trace

# All rows of a text up to here are checked, of a longer one these many at each end: all would take minutes.
LONGEST, ENDS = 1024, 64
# Scores of 16 bits are rounded by up to a quarter, in another way where several rows are multiplied at once.
_TOLERANCE = {"float32": 0.01}
_ROUGH = 0.5


def check_sums(trace: Trace) -> None:
    """Refuse a trace whose attention rows do not add up to 1.

    Raises:
        ValueError: the message names the first layer and head.
    """
    if "attention" not in trace.readings:
        return
    tolerance = _TOLERANCE.get(trace.model.dtype, _ROUGH)
    for layer in (info.index for info in trace.layers if info.softmax):
        for head in range(trace.heads):
            if any(change.replaces(layer, head) for change in trace.interventions):
                continue
            for rows in _rows(len(trace.tokens)):
                if not _adds_up(trace, layer, head, rows, tolerance):
                    raise ValueError(
                        f"layer {layer} head {head}: what queries, keys, window, cap and log_sum give is no attention"
                    )


def _rows(tokens: int) -> Iterator[range]:
    if tokens <= LONGEST:
        yield range(tokens)
    else:
        yield range(ENDS)
        yield range(tokens - ENDS, tokens)


def _adds_up(trace: Trace, layer: int, head: int, rows: range, tolerance: float) -> bool:
    probs_QS: Tensor = trace.stage(layer, head, "attn_probs", rows)
    if not trace.layers[layer].staged:
        return bool((probs_QS.nansum(-1) <= 1 + tolerance).all() and (probs_QS.nan_to_num() >= 0).all())
    logits_QS = trace.stage(layer, head, "attn_logits", rows)
    sums_Q = probs_QS.nansum(-1) + trace.sink_share(layer, head, rows)
    hidden_QS = trace.reasons(layer, rows) != 0
    return bool(
        logits_QS.isfinite().all()
        and torch.equal(probs_QS.isnan(), hidden_QS)
        and (sums_Q - 1).abs().amax() <= tolerance
    )
