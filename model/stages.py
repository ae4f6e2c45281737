"""From the logits of a block to its probabilities, with a hook point after every stage.

Shapes: B batch, N query heads, Q query rows of a block, S keys.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from gemma2_workbench.model.equation import softcap
from gemma2_workbench.model.hooks import HookPoint, Span

# Scores, and where their probabilities may be written: see `probabilities`.
Softmax = Callable[[Tensor, Tensor | None], Tensor]
Pass = Callable[[HookPoint, Tensor, Span], Tensor]


def passed(point: HookPoint, stage: Tensor, span: Span) -> Tensor:
    """A stage, or what a hook gives in its place."""
    new: Tensor = point(stage, span)
    return new


def staged(
    raw_BNQS: Tensor,
    cap: float | None,
    softmax: Softmax,
    points: tuple[HookPoint, HookPoint, HookPoint],
    span: Span,
    through: Pass = passed,
) -> Tensor:
    """Logits -> softcap -> mask and softmax, [B, N, Q, S].

    A stage is written over the one before it, or where its reader lends memory: of the size of a block, fresh memory
    costs more than the arithmetic. But never over one that a hook may have kept or autograd needs.

    Args:
        raw_BNQS: the logits.
        cap: of the softcap, None if off.
        softmax: from scores to probabilities.
        points: of the logits, the scores and the probabilities.
        span: the absolute rows and keys of the block.
        through: how a stage passes its point.
    """
    raw, capped, attended = points
    logits_BNQS = through(raw, raw_BNQS, span)
    capped_BNQS = softcap(logits_BNQS, cap, _room(logits_BNQS, raw.kept, raw, capped))
    scores_BNQS = through(capped, capped_BNQS, span)
    # The scores may be the logits.
    is_kept = raw.kept or capped.kept
    return through(attended, softmax(scores_BNQS, _room(scores_BNQS, is_kept, capped, attended)), span)


def _room(stage_BNQS: Tensor, is_kept: bool, reader: HookPoint, following: HookPoint) -> Tensor | None:
    """Where the next stage may be written; None is fresh memory."""
    if torch.is_grad_enabled():
        return None
    if not is_kept:
        return stage_BNQS
    return reader.lent(stage_BNQS) if following.passing else None
