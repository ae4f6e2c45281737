"""`Seat`: what an attention module of a decoder is run with, and the attention equation in blocks of query rows.

The same block walk and the same steps as `model.attention`, on queries, keys and values that come from the model:
rotated, normed, with the cache in them. A layer whose stages nobody sees is computed at once, see `at_once`.

Shapes: B batch, T new tokens, Q query rows of a block, S keys, N query heads, G key/value heads, H head width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from gemma2_workbench.model.equation import BLOCK_ROWS, attention_logits, blocks, mix_values, probabilities, softcap
from gemma2_workbench.model.hooks import HookPoint, Span
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.attention import at_once

# Hook points of an attention module, in the order of computation.
STAGES = ("q_rot", "k_rot", "v", "attn_logits", "attn_scores", "attn_probs", "head_out")
# Those of blocks, and what is handed the log-sums [B, N, T] of a layer that is computed without them.
IN_BLOCKS, LOG_SUM = STAGES[3:6], "attn_log_sum"


@dataclass
class Seat:
    """The numbers of one attention module; a change to them is a change to the model.

    Attributes:
        rule: who may see whom, padding apart.
        scale: what q.k is multiplied with, as the model passes it.
        cap: the cap on the logits; None is off.
        heads: N.
        given_rule, given_cap: rule and cap as the model passed them when it was studied, which no change touches.
        projected: whether `head_out` is what the output projection reads; else it is what attention gives.
        biased: whether a number for each key stands beside q.k, as a last number of queries and keys (ALiBi).
        block_rows: query rows handled at once.
        may_be_whole: whether it may be computed by the kernel, which rounds in another order than eager attention.
    """

    rule: Mask
    scale: float
    cap: float | None
    heads: int
    given_rule: Mask
    given_cap: float | None
    projected: bool = False
    biased: bool = False
    block_rows: int = BLOCK_ROWS
    may_be_whole: bool = True


def attend(
    at: nn.Module,
    seat: Seat,
    q_BNTH: Tensor,
    k_BGSH: Tensor,
    v_BGSH: Tensor,
    mask: Mask,
    rows: range,
    keys: range,
    sinks_N: Tensor | None = None,
) -> Tensor:
    """The values mixed [B, N, T, H]; every stage that is computed passes through its hook point of `at`.

    Args:
        at: the attention module, which holds the hook points.
        seat: its numbers.
        q_BNTH, k_BGSH, v_BGSH: as the model passes them.
        mask: the rule, with this batch's padding.
        rows, keys: absolute positions.
        sinks_N: the logit of each head's sink.
    """
    q_BNTH, k_BGSH, v_BGSH = point(at, "q_rot")(q_BNTH), point(at, "k_rot")(k_BGSH), point(at, "v")(v_BGSH)
    if not torch.is_grad_enabled() and is_at_once(at, seat, v_BGSH.dtype, q_BNTH.device):
        mixed_BNTH, log_sum_BNT = at_once.attend(q_BNTH, k_BGSH, v_BGSH, mask, seat.scale, rows, keys, sinks_N)
        point(at, LOG_SUM)(log_sum_BNT, Span(rows, keys))
    else:
        mixed_BNTH = _mixed(at, seat, q_BNTH, k_BGSH, v_BGSH, mask, rows, keys, sinks_N)
    return mixed_BNTH if seat.projected else point(at, "head_out")(mixed_BNTH)


def is_at_once(at: nn.Module, seat: Seat, dtype: torch.dtype, device: torch.device) -> bool:
    """Whether a module attends at once where no gradients are recorded: nobody sees its blocks, and it has no cap."""
    suits = seat.may_be_whole and at_once.suits(dtype, device, seat.cap)
    return suits and not any(point(at, name).watched for name in IN_BLOCKS)


def point(at: nn.Module, name: str) -> HookPoint:
    """A hook point of a module."""
    return cast(HookPoint, at.get_submodule(name))


def _mixed(
    at: nn.Module,
    seat: Seat,
    q_BNTH: Tensor,
    k_BGSH: Tensor,
    v_BGSH: Tensor,
    mask: Mask,
    rows: range,
    keys: range,
    sinks_N: Tensor | None,
) -> Tensor:
    """The values mixed block by block, [B, N, T, H]."""
    if point(at, LOG_SUM).watched:
        raise RuntimeError(f"log-sums are asked of {type(at).__name__}, and its stages are computed here")
    outs = []
    for block in blocks(rows, seat.block_rows):
        span = Span(block, mask.reach(block, keys))
        seen = slice(span.keys.start - keys.start, span.keys.stop - keys.start)
        own = slice(block.start - rows.start, block.stop - rows.start)
        probs_BNQS = _probabilities(at, seat, q_BNTH[:, :, own], k_BGSH[:, :, seen], mask, span, sinks_N)
        # Some models compute what precedes in float32 whatever their values are.
        outs.append(mix_values(probs_BNQS.to(v_BGSH.dtype), v_BGSH[:, :, seen]))
    return torch.cat(outs, dim=2)


def _probabilities(
    at: nn.Module, seat: Seat, q_BNQH: Tensor, k_BGSH: Tensor, mask: Mask, span: Span, sinks_N: Tensor | None
) -> Tensor:
    """The attention equation for one block of query rows: logits, softcap, mask, softmax; [B, N, Q, S]."""
    raw, capped = point(at, "attn_logits"), point(at, "attn_scores")
    logits_BNQS = raw(attention_logits(q_BNQH, k_BGSH, seat.scale), span)
    # Overwriting saves block-sized tensors, but never one that a hook may have kept or autograd needs.
    unread = not (raw.kept or torch.is_grad_enabled())
    scores_BNQS = capped(softcap(logits_BNQS, seat.cap, inplace=unread), span)
    unread = unread and not capped.kept
    hidden = mask.hidden_parts(span.rows, span.keys, scores_BNQS.device)
    if sinks_N is None:
        probs_BNQS = probabilities(scores_BNQS, hidden, inplace=unread)
    else:
        probs_BNQS = beside_sinks(scores_BNQS, hidden, sinks_N)
    return point(at, "attn_probs")(probs_BNQS, span)


def beside_sinks(scores_BNQS: Tensor, hidden: Sequence[tuple[slice, Tensor]], sinks_N: Tensor) -> Tensor:
    """Softmax over the visible keys and one sink per head, without the sink's column, [B, N, Q, S].

    Rows sum to less than 1 (gpt-oss, arXiv 2508.10925). The largest score is subtracted first, which rounds those of
    16 bits once more, as gpt-oss does.
    """
    B, N, Q, _ = scores_BNQS.shape
    sinks_BNQ1 = sinks_N.to(scores_BNQS.dtype).view(1, N, 1, 1).expand(B, N, Q, 1)
    wide_BNQS = torch.cat([scores_BNQS, sinks_BNQ1], dim=-1)
    for part, hidden_BQS in hidden:
        wide_BNQS[..., part].masked_fill_(hidden_BQS[:, None], torch.finfo(wide_BNQS.dtype).min)
    return probabilities(wide_BNQS - wide_BNQS.amax(-1, keepdim=True), ())[..., :-1]
