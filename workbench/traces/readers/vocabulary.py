"""What is kept of distributions over a vocabulary, in few passes over logits that stay in the processor's cache.

Shapes: b states, V vocabulary, K top tokens.
"""

from typing import NamedTuple

import torch
from torch import Tensor

# Numbers that are gone over together: 4 MB as float32, and two buffers of the same size.
STEP_LOGITS = 1 << 20
# A vocabulary of this size is searched for its top tokens chunk by chunk; a small one is as fast in one piece.
LARGE, CHUNK = 1 << 15, 256
# exp of capped logits up to here, summed over any vocabulary, is far from the ends of float32.
_MODEST = 60.0


class Distributions(NamedTuple):
    """Of each state.

    Attributes:
        ids: the K most probable tokens, best first, [b, K].
        logits, capped: their logits before and after the cap, float32 [b, K].
        picked, picked_capped: those of the token that is followed, float32 [b].
        ranks: its place among all tokens, from 1, [b].
        log_sum: log of the sum of exp(capped logit), float32 [b].
        entropy: nats, float32 [b].
    """

    ids: Tensor
    logits: Tensor
    capped: Tensor
    picked: Tensor
    picked_capped: Tensor
    ranks: Tensor
    log_sum: Tensor
    entropy: Tensor


def distributions(
    logits_bV: Tensor, capped_bV: Tensor, chosen_b: Tensor, count: int, cap: float | None
) -> Distributions:  # fmt: skip
    """Read some states.

    Args:
        logits_bV: before the final softcap, in any dtype.
        capped_bV: after it.
        chosen_b: the token to follow in each state.
        count: K.
        cap: the cap; None is off.
    """
    b, V = logits_bV.shape
    step = max(1, STEP_LOGITS // V) if logits_bV.device.type == "cpu" else b
    buffers = torch.empty(3, min(step, b), V, dtype=torch.float32, device=logits_bV.device)
    parts = []
    for start in range(0, b, step):
        part = slice(start, start + step)
        parts.append(_read(logits_bV[part], capped_bV[part], chosen_b[part, None], count, cap, buffers))
    return Distributions(*(torch.cat(each) for each in zip(*parts, strict=True)))


def _read(
    logits_sV: Tensor, capped_sV: Tensor, chosen_s1: Tensor, count: int, cap: float | None, buffers: Tensor
) -> Distributions:
    logits_sV, capped_sV = (
        values if values.dtype == torch.float32 else buffer[: len(values)].copy_(values)
        for values, buffer in zip((logits_sV, capped_sV), buffers, strict=False)
    )
    other_sV = buffers[2, : len(logits_sV)]
    top, ids = top_tokens(logits_sV, count)
    picked_s1 = logits_sV.gather(-1, chosen_s1)
    # Counted in float32, which is exact far beyond any vocabulary and much faster than a sum of truth values.
    ranks_s = torch.gt(logits_sV, picked_s1, out=other_sV).sum(-1).int() + 1
    log_sum_s, entropy_s = _sums(capped_sV, cap, other_sV)
    return Distributions(
        ids=ids.int(),
        logits=top,
        capped=capped_sV.gather(-1, ids),
        picked=picked_s1[:, 0].clone(),
        picked_capped=capped_sV.gather(-1, chosen_s1)[:, 0],
        ranks=ranks_s,
        log_sum=log_sum_s,
        entropy=entropy_s,
    )


def _sums(capped_sV: Tensor, cap: float | None, weights_sV: Tensor) -> tuple[Tensor, Tensor]:
    """Log of the softmax denominator and the entropy: log Z - sum of exp(s) s / Z."""
    shift_s = capped_sV.new_zeros(len(capped_sV)) if cap is not None and cap <= _MODEST else capped_sV.amax(-1)
    torch.sub(capped_sV, shift_s[:, None], out=weights_sV).exp_()
    total_s = weights_sV.sum(-1)
    log_sum_s = total_s.log() + shift_s
    mean_s = torch.linalg.vecdot(weights_sV, capped_sV) / total_s
    return log_sum_s, (log_sum_s - mean_s).clamp_(min=0)


def top_tokens(values_sV: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The largest values and their places, [s, K] each; those of a large vocabulary from the chunks that hold them."""
    s, V = values_sV.shape
    whole = V // CHUNK
    if V < LARGE or count > whole:
        return values_sV.topk(count)
    chunks_scC = values_sV[:, : whole * CHUNK].unflatten(-1, (whole, CHUNK))
    # The K largest values lie in the K chunks with the largest maxima, or behind the last whole chunk.
    best_sK = chunks_scC.amax(-1).topk(count).indices
    inside = chunks_scC.gather(1, best_sK[..., None].expand(-1, -1, CHUNK)).flatten(1)
    places = (best_sK[..., None] * CHUNK + torch.arange(CHUNK, device=values_sV.device)).flatten(1)
    rest = torch.arange(whole * CHUNK, V, device=values_sV.device).expand(s, -1)
    found = torch.cat((inside, values_sV[:, whole * CHUNK :]), dim=1).topk(count)
    return found.values, torch.cat((places, rest), dim=1).gather(1, found.indices)
