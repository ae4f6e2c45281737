"""Folds: statistics of attention that are reduced block by block during the forward pass, at any length.

A fold sees each block of every layer once, with all its stages, and says how the results of blocks combine: `query`
folds write their rows, the others add up or keep the largest. Results are [L, N, T] for `query` and `key` folds and
[L, N, ...] for totals.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.traces.blocks import Block

THUMBNAIL = 32


@dataclass(frozen=True)
class Fold:
    """A statistic of attention.

    Attributes:
        name: key of the result in a trace.
        over: "query" (one number per head and query), "key" (per head and key, added up), "sum" or "max" (per head).
        reduce: block -> [N, Q], [N, S] or [N, ...].
        help: what the number means, with its unit.
    """

    name: str
    over: str
    reduce: Callable[[Block], Tensor]
    help: str


def entropy(block: Block) -> Tensor:
    """-sum p ln p over the keys, nats, [N, Q]; with p = exp(s - log Z) this is log Z - sum p s, one logarithm a row."""
    return (block.log_sum - torch.einsum("nqs,nqs->nq", block.probs, block.scores)).clamp(min=0)


def distance(block: Block) -> Tensor:
    """Mean distance between query and key, sum p_ij |i - j|, tokens, [N, Q]."""
    return torch.einsum("nqs,qs->nq", block.probs, block.offsets.abs().to(block.probs.dtype))


def first_token(block: Block) -> Tensor:
    """Probability on position 0 (the BOS sink), 0 where a window hides it, [N, Q]."""
    first = block.probs[..., 0]
    return first if block.span.keys.start == 0 else torch.zeros_like(first)


def previous_token(block: Block) -> Tensor:
    """Probability on the token before, NaN at position 0 which has none, [N, Q]."""
    return _mass_on(block, block.offsets == 1, block.rows > 0)


def duplicate_token(block: Block) -> Tensor:
    """Probability on earlier occurrences of the query's own token; NaN where there is none, [N, Q]."""
    return _mass_on(block, _followers(block, 0), _has_earlier(block, 1))


def induction(block: Block) -> Tensor:
    """Probability on the tokens that followed earlier occurrences of the query's token (arXiv 2209.11895), [N, Q].

    NaN where no earlier occurrence is followed by a token before the query.
    """
    return _mass_on(block, _followers(block, 1), _has_earlier(block, 2))


def received(block: Block) -> Tensor:
    """Probability that a key receives from all queries of the block, [N, S]."""
    return block.probs.sum(1)


def log_sum(block: Block) -> Tensor:
    """Log of the softmax denominator over the visible keys, [N, Q]."""
    return block.log_sum


def visible_cells(block: Block) -> Tensor:
    """Number of visible cells, [N]."""
    return block.visible.sum().expand(len(block.probs)).double()


def largest_logit(block: Block) -> Tensor:
    """Largest |raw logit| among the visible cells, [N]."""
    return block.largest


def bend(block: Block) -> Tensor:
    """Sum of |raw logit - softcapped logit| over the visible cells, [N]."""
    bent_NQS = (block.logits - block.scores).abs_()
    return torch.einsum("nqs,qs->n", bent_NQS, block.visible.to(bent_NQS.dtype)).double()


def beyond(share: float) -> Callable[[Block], Tensor]:
    """Number of visible cells whose |raw logit| is beyond `share` of the cap (0 without a cap), [N]."""

    def count(block: Block) -> Tensor:
        counts_N = torch.zeros_like(block.largest, dtype=torch.double)
        limit = torch.inf if block.softcap is None else share * block.softcap
        # Most heads never get there, and their largest logit says so without counting.
        for head in torch.nonzero(block.largest > limit).flatten().tolist():
            counts_N[head] = (block.sizes[head] > limit).sum()
        return counts_N

    return count


def thumbnail(block: Block) -> Tensor:
    """Largest probability in each cell of a 32 x 32 picture of the map (fewer for shorter texts), [N, k, k]."""
    T = len(block.ids)
    size = min(T, THUMBNAIL)
    picture = block.probs.new_zeros(len(block.probs), size, size)
    row_bins, key_bins = block.rows * size // T, block.keys * size // T
    for row_bin in row_bins.unique().tolist():
        by_row_NS = block.probs[:, row_bins == row_bin].amax(1)
        for key_bin in key_bins.unique().tolist():
            picture[:, row_bin, key_bin] = by_row_NS[:, key_bins == key_bin].amax(1)
    return picture


def _followers(block: Block, shift: int) -> Tensor:
    """Keys before the query whose token `shift` places earlier is the query's token, bool [Q, S]."""
    sources = block.keys - shift
    matches = block.ids[block.rows, None] == block.ids[sources.clamp(min=0)]
    return matches & (sources >= 0) & (block.offsets > 0)


def _has_earlier(block: Block, least: int) -> Tensor:
    """Queries whose token already occurred at least `least` places before, seen or not, bool [Q]."""
    places = torch.arange(len(block.ids), device=block.ids.device)
    earlier = block.ids[block.rows, None] == block.ids
    return (earlier & (block.rows[:, None] - places >= least)).any(-1)


def _mass_on(block: Block, cells_QS: Tensor, eligible_Q: Tensor) -> Tensor:
    """Probability on the few chosen cells, NaN for rows that are not eligible, [N, Q]."""
    query, key = cells_QS.nonzero(as_tuple=True)
    mass_NQ = block.probs.new_zeros(block.probs.shape[:2])
    mass_NQ.index_add_(1, query, block.probs[:, query, key])
    return mass_NQ.masked_fill(~eligible_Q, torch.nan)


FOLDS: tuple[Fold, ...] = (
    Fold("log_sum", "query", log_sum, "log of the softmax denominator"),
    Fold("entropy", "query", entropy, "how spread the attention is, nats"),
    Fold("distance", "query", distance, "mean distance between query and key, tokens"),
    Fold("first_token", "query", first_token, "probability on position 0"),
    Fold("previous_token", "query", previous_token, "probability on the token before"),
    Fold("duplicate_token", "query", duplicate_token, "probability on earlier occurrences of the same token"),
    Fold("induction", "query", induction, "probability on what followed earlier occurrences"),
    Fold("received", "key", received, "probability that a key receives from all queries"),
    Fold("visible", "sum", visible_cells, "visible cells"),
    Fold("beyond_half", "sum", beyond(0.5), "visible cells with |logit| > 0.5 cap"),
    Fold("beyond_most", "sum", beyond(0.9), "visible cells with |logit| > 0.9 cap"),
    Fold("bend", "sum", bend, "sum of |logit - softcapped logit|"),
    Fold("largest_logit", "max", largest_logit, "largest visible |logit|"),
    Fold("thumbnail", "max", thumbnail, "largest probability per cell of a small picture"),
)
