"""What learned sinks take of the rows of a map: a column beside its keys, as `Cells` of one key.

Exact: from the log-sum-exp of each row (`Trace.sink_share`), as the probabilities are. A sink has no value, so there is
such a column of probabilities only.
"""

from collections.abc import Sequence

import numpy as np

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.maps import Reasons, Values
from gemma2_workbench.apps.explorer.pooling import Cells

COLUMN = range(1)


def has_sinks(trace: Trace, stage: str, layers: Sequence[int]) -> bool:
    """Whether a map of these layers has a column of sinks."""
    return stage == "attn_probs" and any(trace.layers[layer].sinks is not None for layer in layers)


def of_sinks(trace: Trace, heads: Sequence[tuple[int, int]], over: str = "mean") -> Cells:
    """What the sink of a (layer, head) takes of its rows, or the mean or maximum over several; 0 where is none."""

    def shares(rows: range, _: range) -> tuple[Values, Reasons]:
        share_NQ = np.stack([trace.sink_share(layer, head, rows).numpy() for layer, head in dict.fromkeys(heads)])
        share_Q1 = (share_NQ.mean(0) if over == "mean" else share_NQ.max(0))[:, None].astype(np.float32)
        return share_Q1, np.zeros(share_Q1.shape, np.uint8)

    return shares
