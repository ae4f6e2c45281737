"""Sums over the logits and scores of a block, in pieces that stay in the cache: log-sums, entropies, saturation.

Letters: Q query rows of a block, S keys, N heads.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.traces.pieces import Buffers, pieces

# exp of scores up to here, summed over any text, is far from the ends of float32: no need to subtract the largest.
_MODEST = 60.0


@dataclass(frozen=True, eq=False)
class Saturation:
    """How far the raw logits of a block reach towards the cap, over its visible cells, [N] each.

    Attributes:
        largest: largest |raw logit|, float32.
        beyond_half, beyond_most: cells whose |raw logit| is beyond 0.5 and 0.9 of the cap, float64; 0 without a cap.
        bend: sum of |raw logit - softcapped logit|, float64.
    """

    largest: Tensor
    beyond_half: Tensor
    beyond_most: Tensor
    bend: Tensor


def row_sums(
    scores_NQS: Tensor, probs_NQS: Tensor, shown_QS: Tensor, cap: float | None, buffers: Buffers
) -> tuple[Tensor, Tensor]:
    """Log of the softmax denominator over the visible keys, and the mean score after the probabilities, [N, Q] each."""
    sums_NQ, means_NQ = scores_NQS.new_empty(2, *scores_NQS.shape[:2])
    modest = cap is not None and cap <= _MODEST
    for heads, rows in pieces(scores_NQS):
        scores, shown, at = scores_NQS[heads, rows], shown_QS[rows], (heads, rows)
        piece = buffers.take(0, scores.shape, scores.device)
        if modest:
            torch.sum(torch.exp(scores, out=piece).mul_(shown), -1, out=sums_NQ[at])
        else:
            sums_NQ[at] = piece.copy_(scores).masked_fill_(shown == 0, -torch.inf).logsumexp(-1)
        torch.sum(torch.mul(probs_NQS[at], scores, out=piece), -1, out=means_NQ[at])
    return sums_NQ.log_() if modest else sums_NQ, means_NQ


def uncapped(logits_NQS: Tensor) -> Saturation:
    """See `Saturation`: without a cap, of logits that are 0 where they are hidden."""
    largest_N = torch.maximum(logits_NQS.amax((1, 2)), logits_NQS.amin((1, 2)).neg_())
    none_N = torch.zeros(len(logits_NQS), dtype=torch.double, device=logits_NQS.device)
    return Saturation(largest_N, none_N, none_N, none_N)


def mean_scores(scores_NQS: Tensor, probs_NQS: Tensor, buffers: Buffers) -> Tensor:
    """The mean score after the probabilities, [N, Q]."""
    means_NQ = scores_NQS.new_empty(scores_NQS.shape[:2])
    for at in pieces(scores_NQS):
        piece = buffers.take(0, scores_NQS[at].shape, scores_NQS.device)
        torch.sum(torch.mul(probs_NQS[at], scores_NQS[at], out=piece), -1, out=means_NQ[at])
    return means_NQ


@dataclass(frozen=True, eq=False)
class RowSaturation:
    """`Saturation` row by row, float32, which counts the cells of a row exactly.

    Attributes:
        largest: [N, Q].
        sums: beyond half, beyond 0.9 of the cap, bend, [3, N, Q].
    """

    largest: Tensor
    sums: Tensor


def saturation(
    logits_NQS: Tensor, scores_NQS: Tensor, shown_QS: Tensor, cap: float | None, buffers: Buffers
) -> Saturation:
    """See `Saturation`."""
    rows = row_saturation(logits_NQS, scores_NQS, shown_QS, cap, buffers)
    half_N, most_N, bend_N = rows.sums.sum(-1, dtype=torch.double)
    return Saturation(rows.largest.amax(-1), half_N, most_N, bend_N)


def row_saturation(
    logits_NQS: Tensor, scores_NQS: Tensor, shown_QS: Tensor, cap: float | None, buffers: Buffers
) -> RowSaturation:
    """See `RowSaturation`."""
    largest_NQ, half_NQ, most_NQ, bend_NQ = found_4NQ = logits_NQS.new_zeros(4, *logits_NQS.shape[:2])
    for heads, rows in pieces(logits_NQS):
        logits, shown, at = logits_NQS[heads, rows], shown_QS[rows], (heads, rows)
        piece, other = (buffers.take(number, logits.shape, logits.device) for number in (0, 1))
        torch.mul(logits, shown, out=piece)
        if cap is not None:
            bent = torch.addcmul(piece, scores_NQS[heads, rows], shown, value=-1, out=other).abs_()
            torch.sum(bent, -1, out=bend_NQ[at])
        torch.amax(piece.abs_(), -1, out=largest_NQ[at])
        if cap is not None and largest_NQ[at].amax() > 0.5 * cap:
            torch.sum(torch.gt(piece, 0.5 * cap, out=other), -1, out=half_NQ[at])
            torch.sum(torch.gt(piece, 0.9 * cap, out=other), -1, out=most_NQ[at])
    return RowSaturation(found_4NQ[0], found_4NQ[1:])
