"""Blocks of a layer that was computed at once: from its queries, keys and log-sums, after the pass of its attention.

p_ij = exp(s_ij - log_sum_i) is one exponential a cell and needs no softmax; blocks are so small that what the folds do
with one of them stays in the cache.

Shapes: B batch, N query heads, G key/value heads, Q query rows, S keys, H head width.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from gemma2_workbench.model.equation import blocks
from gemma2_workbench.model.hooks import Span
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.traces.blocks import Block
from gemma2_workbench.traces.text import Text

# Cells of a block on average, and its fewest and most rows: below, calls cost more than the cache saves.
_CELLS, _FEWEST, _MOST = 1 << 20, 16, 128


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
    N, size = len(q_NQH), _rows(len(q_NQH) * len(span.keys))
    # Scaled before the product, where it is a number a row and not a number a cell; one product for a group of heads.
    grouped_GrQH = (q_NQH * info.scale).view(len(k_GSH), -1, *q_NQH.shape[1:])
    sinks_N = None if info.sinks is None else torch.tensor(info.sinks, device=q_NQH.device)
    for rows in blocks(span.rows, size):
        keys = info.mask.reach(rows, span.keys)
        own, seen = (
            slice(part.start - whole.start, part.stop - whole.start)
            for part, whole in ((rows, span.rows), (keys, span.keys))
        )
        logits_NQS, probs_NQS = (text.buffers.take(at, (N, len(rows), len(keys)), q_NQH.device) for at in (20, 21))
        torch.bmm(
            grouped_GrQH[:, :, own].flatten(1, 2),
            k_GSH[:, seen].mT,
            out=logits_NQS.view(len(k_GSH), -1, len(keys)),
        )
        torch.sub(logits_NQS, log_sum_NQ[:, own, None], out=probs_NQS).exp_()
        for part, hidden_1QS in info.mask.hidden_parts(rows, keys, q_NQH.device):
            probs_NQS[..., part].masked_fill_(hidden_1QS, 0)
            logits_NQS[..., part].masked_fill_(hidden_1QS, 0)
        places = text.places(Span(rows, keys), info.mask)
        yield Block(logits_NQS, logits_NQS, probs_NQS, None, places, sinks_N, log_sum_NQ[:, own])


def _rows(cells: int) -> int:
    """Rows of a block with so many cells a row at its end: a power of 2, as the sides of small pictures mostly are."""
    size = max(_FEWEST, min(_MOST, 2 * _CELLS // cells))
    return 1 << (size.bit_length() - 1)
