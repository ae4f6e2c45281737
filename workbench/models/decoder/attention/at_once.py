"""Attention of a layer at once, by torch's fused kernel, where nobody sees its stages; with the log-sums of its rows.

The kernel never holds a map, and takes a part of the time of the blocks. With the log-sums every stage follows from
queries and keys, as exact as ever: p_ij = exp(s_ij - log_sum_i).

Shapes: B batch, T new tokens, Q query rows of a call, S keys, N query heads, G key/value heads, H head width.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.model.equation import blocks
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.attention.inputs import Inputs

# The kernel behind `scaled_dot_product_attention`, which throws its log-sums away.
_KERNEL: Callable[..., Any] | None = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)
# Rows of a call that needs a mask: fewer waste less where most is hidden, more spare calls.
_FEWEST, _MOST = 64, 512


def suits(dtype: torch.dtype, device: torch.device, cap: float | None) -> bool:
    """Whether a layer can be computed like this: of 16 bits the model rounds its logits, which the kernel does not."""
    return _KERNEL is not None and device.type == "cpu" and dtype == torch.float32 and cap is None


def attend(given: Inputs, scale: float) -> tuple[Tensor, Tensor]:
    """The values mixed, [B, N, T, H of the values], and the log of each row's softmax denominator, [B, N, T].

    Args:
        given: what the layer is given.
        scale: what q.k is multiplied with.
    """
    width, mask, sinks_N = given.value.shape[-1], given.mask, given.sinks
    given = _as_wide(given)
    if mask.window is not None and mask.window >= given.keys.stop:
        mask = replace(mask, window=None)
    if mask == Mask() and given.rows == given.keys:
        mixed_BNTH, log_sum_BNT = _call(given.query, given.key, given.value, scale, None, causal=True)
    else:
        bend = mask.window or mask.chunk or _MOST
        parts = [
            _part(replace(given, mask=mask), scale, block)
            for block in blocks(given.rows, max(_FEWEST, min(bend, _MOST)))
        ]
        mixed_BNTH, log_sum_BNT = (torch.cat(each, dim=2) for each in zip(*parts, strict=True))
    if sinks_N is not None:
        with_sink_BNT = torch.logaddexp(log_sum_BNT, sinks_N.float().view(1, -1, 1))
        mixed_BNTH = mixed_BNTH * torch.exp(log_sum_BNT - with_sink_BNT)[..., None]
        log_sum_BNT = with_sink_BNT
    return mixed_BNTH[..., :width], log_sum_BNT


def _as_wide(given: Inputs) -> Inputs:
    """The same with zeros up to the widest, for the kernel wants one width: zeros change no product."""
    tensors = (given.query, given.key, given.value)
    widest = max(tensor.shape[-1] for tensor in tensors)
    query, key, value = (nn.functional.pad(tensor, (0, widest - tensor.shape[-1])) for tensor in tensors)
    return replace(given, query=query, key=key, value=value)


def _part(given: Inputs, scale: float, block: range) -> tuple[Tensor, Tensor]:
    """Some of the rows, with the keys that they see."""
    reach = given.mask.reach(block, given.keys)
    own, seen = (
        slice(part.start - whole.start, part.stop - whole.start)
        for part, whole in ((block, given.rows), (reach, given.keys))
    )
    q_BNQH, added_B1QS = given.query[:, :, own], None
    for part, hidden_BQS in given.mask.hidden_parts(block, reach, q_BNQH.device):
        if added_B1QS is None:
            added_B1QS = q_BNQH.new_zeros(len(hidden_BQS), 1, len(block), len(reach))
        # The lowest number in place of -inf: a row that sees nothing is spread evenly, as eager attention does.
        added_B1QS[:, 0, :, part].masked_fill_(hidden_BQS, torch.finfo(q_BNQH.dtype).min)
    return _call(q_BNQH, given.key[:, :, seen], given.value[:, :, seen], scale, added_B1QS)


def _call(
    q_BNQH: Tensor, k_BGSH: Tensor, v_BGSH: Tensor, scale: float, added_B1QS: Tensor | None, causal: bool = False
) -> tuple[Tensor, Tensor]:
    assert _KERNEL is not None
    shared = q_BNQH.shape[1] // k_BGSH.shape[1]
    # Its own groups of heads are no promise of the kernel.
    k_BNSH, v_BNSH = (part.repeat_interleave(shared, 1) if shared > 1 else part for part in (k_BGSH, v_BGSH))
    return _KERNEL(q_BNQH, k_BNSH, v_BNSH, 0.0, causal, attn_mask=added_B1QS, scale=scale)
