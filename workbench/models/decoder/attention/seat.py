"""`Seat`: what an attention module of a decoder is run with, and the attention equation in blocks of query rows.

The same block walk and the same steps as `model.attention`, on queries, keys and values that come from the model:
rotated, normed, with the cache in them. A layer whose stages nobody sees is computed at once, see `at_once`.

Shapes: B batch, T new tokens, Q query rows of a block, S keys, N query heads, G key/value heads, H head width.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from gemma2_workbench.model.equation import BLOCK_ROWS, attention_logits, blocks, joined, mix_values, probabilities
from gemma2_workbench.model.hooks import HookPoint, Span
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.model.stages import staged
from gemma2_workbench.models.decoder.attention import at_once
from gemma2_workbench.models.decoder.attention.inputs import Inputs

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
        halved: whether it is called a second time for the other half of the values, see `halves`.
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
    halved: bool = False
    block_rows: int = BLOCK_ROWS
    may_be_whole: bool = True


@dataclass
class Stages:
    """The hook points of a module in one call of attention.

    Attributes:
        at: the attention module.
        replaced: whether a hook gave another stage in place of one.
    """

    at: nn.Module
    replaced: bool = False

    def through(self, name: str, stage: Tensor) -> Tensor:
        """A stage, or what a hook gives in its place."""
        return self.passed(point(self.at, name), stage)

    def passed(self, at: HookPoint, stage: Tensor, *span: Span) -> Tensor:
        """The same, of a hook point."""
        new = cast(Tensor, at(stage, *span))
        self.replaced |= new is not stage
        return new


def attend(stages: Stages, seat: Seat, given: Inputs) -> Tensor:
    """The values mixed [B, N, T, H]; every stage that is computed passes through its hook point, `head_out` does not.

    Args:
        stages: the hook points.
        seat: the numbers of the attention module.
        given: what it is given.
    """
    names = ("q_rot", "k_rot", "v")
    query, key, value = map(stages.through, names, (given.query, given.key, given.value))
    given = replace(given, query=query, key=key, value=value)
    if torch.is_grad_enabled() or not is_at_once(stages.at, seat, value.dtype, query.device):
        return _mixed(stages, seat, given)
    mixed_BNTH, log_sum_BNT = at_once.attend(given, seat.scale)
    point(stages.at, LOG_SUM)(log_sum_BNT, Span(given.rows, given.keys))
    return mixed_BNTH


def is_at_once(at: nn.Module, seat: Seat, dtype: torch.dtype, device: torch.device) -> bool:
    """Whether a module attends at once where no gradients are recorded: nobody sees its blocks, and it has no cap."""
    suits = seat.may_be_whole and at_once.suits(dtype, device, seat.cap)
    return suits and not any(point(at, name).watched for name in IN_BLOCKS)


def point(at: nn.Module, name: str) -> HookPoint:
    """A hook point of a module."""
    return cast(HookPoint, at.get_submodule(name))


def _mixed(stages: Stages, seat: Seat, given: Inputs) -> Tensor:
    """The values mixed block by block, [B, N, T, H]."""
    if point(stages.at, LOG_SUM).watched:
        raise RuntimeError(f"log-sums are asked of {type(stages.at).__name__}, and its stages are computed here")

    def parts() -> Iterator[Tensor]:
        for block in blocks(given.rows, seat.block_rows):
            span = Span(block, given.mask.reach(block, given.keys))
            seen = slice(span.keys.start - given.keys.start, span.keys.stop - given.keys.start)
            own = slice(block.start - given.rows.start, block.stop - given.rows.start)
            part = replace(given, query=given.query[:, :, own], key=given.key[:, :, seen])
            # Some models compute what precedes in float32 whatever their values are.
            probs_BNQS = _probabilities(stages, seat, part, span).to(given.value.dtype)
            yield mix_values(probs_BNQS, given.value[:, :, seen])

    return joined(parts(), len(given.rows))


def _probabilities(stages: Stages, seat: Seat, part: Inputs, span: Span) -> Tensor:
    """The attention equation for one block of query rows: logits, softcap, mask, softmax; [B, N, Q, S]."""
    hidden = part.mask.hidden_parts(span.rows, span.keys, part.query.device)

    def softmax(scores_BNQS: Tensor, out: Tensor | None) -> Tensor:
        if part.sinks is None:
            return probabilities(scores_BNQS, hidden, out)
        return beside_sinks(scores_BNQS, hidden, part.sinks)

    logits_BNQS = attention_logits(part.query, part.key, seat.scale)
    raw, capped, attended = (point(stages.at, name) for name in IN_BLOCKS)
    return staged(logits_BNQS, seat.cap, softmax, (raw, capped, attended), span, stages.passed)


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
