"""Blocks of a layer that was computed at once: from its queries, keys and log-sums, after the pass of its attention.

p_ij = exp(s_ij - log_sum_i) is one exponential a cell and needs no softmax; blocks are so small that what the folds do
with one of them stays in the cache.

Shapes: B batch, N query heads, G key/value heads, Q query rows, S keys, H head width.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from gemma2_workbench.model.equation import attention_logits, blocks
from gemma2_workbench.model.hooks import Span
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.traces.blocks import Block
from gemma2_workbench.traces.text import Text

# Cells of a block, and its fewest rows: calls cost more than the cache saves below.
_CELLS, _FEWEST = 1 << 19, 16


def derived_blocks(
    info: LayerInfo, q_NQH: Tensor, k_GSH: Tensor, log_sum_NQ: Tensor, span: Span, text: Text
) -> Iterator[Block]:
    """The blocks of a layer in the order of their rows; the memory of each is that of the one before.

    Args:
        info: the layer, without a cap.
        q_NQH, k_GSH: its rotated queries and keys.
        log_sum_NQ: of its rows, sinks included.
        span: their absolute rows and keys.
        text: the text.
    """
    N, size = len(q_NQH), max(_FEWEST, _CELLS // (len(q_NQH) * len(span.keys)))
    sinks_N = None if info.sinks is None else torch.tensor(info.sinks, device=q_NQH.device)
    for rows in blocks(span.rows, size):
        keys = info.mask.reach(rows, span.keys)
        own, seen = (
            slice(part.start - whole.start, part.stop - whole.start)
            for part, whole in ((rows, span.rows), (keys, span.keys))
        )
        logits_NQS = attention_logits(q_NQH[None, :, own], k_GSH[None, :, seen], info.scale)[0]
        probs_NQS = text.buffers.take(20, (N, len(rows), len(keys)), q_NQH.device)
        torch.sub(logits_NQS, log_sum_NQ[:, own, None], out=probs_NQS).exp_()
        for part, hidden_1QS in info.mask.hidden_parts(rows, keys, q_NQH.device):
            probs_NQS[..., part].masked_fill_(hidden_1QS, 0)
        places = text.places(Span(rows, keys), info.mask)
        yield Block(logits_NQS, logits_NQS, probs_NQS, None, places, sinks_N, log_sum_NQ[:, own])
