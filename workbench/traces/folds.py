"""Folds: statistics of attention that are reduced block by block during the forward pass, at any length.

A fold sees the sums of some rows of a layer, or each of its blocks with all stages, and says how the results of blocks
combine: `query` folds write their rows, the others add up or keep the largest. Results are [L, N, T, ...] for `query`
and `key` folds and [L, N, ...] for totals. What several folds need is computed once, in `Sums`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.traces.blocks import Sums
from gemma2_workbench.traces.pooling import THUMBNAIL, square

COUNT = torch.double  # of cells: beyond 16.7 million float32 no longer counts


def _scalar(_tokens: int) -> tuple[int, ...]:
    return ()


@dataclass(frozen=True)
class Fold:
    """A statistic of attention.

    Attributes:
        name: key of the result in a trace.
        over: "query" (per head and query), "key" (per head and key, added up), "sum" or "max" (per head; a largest
            number is at least 0).
        reduce: sums of some rows -> [N, Q, ...], [N, S, ...] or [N, ...].
        help: what the number means, with its unit.
        shape: the dimensions after those, for a text of so many tokens.
        dtype: of the result.
        least: the smallest number it can hold, None for any.
        gaps: whether NaN stands where there is no number.
        since: the first version of trace files that holds it.
        of_cells: whether it needs the cells of each block, which `Sums` of a whole layer do not have.
    """

    name: str
    over: str
    reduce: Callable[[Sums], Tensor]
    help: str
    shape: Callable[[int], tuple[int, ...]] = _scalar
    dtype: torch.dtype = torch.float32
    least: float | None = 0
    gaps: bool = False
    since: int = 2
    of_cells: bool = False

    def whole(self, tokens: int) -> tuple[int, ...]:
        """The shape of the result per layer and head, for a text of so many tokens."""
        return ((tokens,) if self.over in ("query", "key") else ()) + self.shape(tokens)


def entropy(sums: Sums) -> Tensor:
    """-sum p ln p over the keys, nats, [N, Q]."""
    return sums.entropy


def distance(sums: Sums) -> Tensor:
    """Mean distance between query and key, sum p_ij |i - j|, tokens, [N, Q]."""
    return sums.masses.distance


def first_token(sums: Sums) -> Tensor:
    """Probability on position 0 (the BOS sink), 0 where a window hides it, [N, Q]."""
    return sums.first_token


def self_attention(sums: Sums) -> Tensor:
    """Probability of a query on itself, [N, Q]."""
    return sums.diagonal(0)


def previous_token(sums: Sums) -> Tensor:
    """Probability on the token before, NaN at position 0 which has none, [N, Q]."""
    previous_NQ = sums.diagonal(1)
    if sums.span.rows.start == 0:
        previous_NQ[:, 0] = torch.nan
    return previous_NQ


def duplicate_token(sums: Sums) -> Tensor:
    """Probability on earlier occurrences of the query's own token; NaN where there is none, [N, Q]."""
    return sums.masses.duplicate.masked_fill(sums.places.never_before, torch.nan)


def induction(sums: Sums) -> Tensor:
    """Probability on the tokens that followed earlier occurrences of the query's token (arXiv 2209.11895), [N, Q].

    NaN where no earlier occurrence is followed by a token before the query.
    """
    return sums.masses.followers.masked_fill(sums.places.never_followed, torch.nan)


def received(sums: Sums) -> Tensor:
    """Probability that a key receives from all queries of these rows, [N, S]."""
    return sums.received


def log_sum(sums: Sums) -> Tensor:
    """Log of the softmax denominator over the visible keys, [N, Q]."""
    return sums.log_sum


def visible_cells(sums: Sums) -> Tensor:
    """Number of visible cells, [N]."""
    return torch.full((sums.heads,), float(sums.visible), dtype=COUNT, device=sums.places.device)


def largest_logit(sums: Sums) -> Tensor:
    """Largest |raw logit| among the visible cells, [N]."""
    return sums.saturation.largest


def bend(sums: Sums) -> Tensor:
    """Sum of |raw logit - softcapped logit| over the visible cells, [N]."""
    return sums.saturation.bend


def beyond_half(sums: Sums) -> Tensor:
    """Number of visible cells whose |raw logit| is beyond half of the cap (0 without a cap), [N]."""
    return sums.saturation.beyond_half


def beyond_most(sums: Sums) -> Tensor:
    """Number of visible cells whose |raw logit| is beyond 0.9 of the cap (0 without a cap), [N]."""
    return sums.saturation.beyond_most


def thumbnail(sums: Sums) -> Tensor:
    """Largest probability in each cell of a 32 x 32 picture of the map (fewer for shorter texts), [N, k, k]."""
    return sums.thumbnail


FOLDS: tuple[Fold, ...] = (
    Fold("log_sum", "query", log_sum, "log of the softmax denominator", least=None),
    Fold("entropy", "query", entropy, "how spread the attention is, nats"),
    Fold("distance", "query", distance, "mean distance between query and key, tokens"),
    Fold("first_token", "query", first_token, "probability on position 0"),
    Fold("self_attention", "query", self_attention, "probability of a query on itself", since=4),
    Fold("previous_token", "query", previous_token, "probability on the token before", gaps=True),
    Fold(
        "duplicate_token", "query", duplicate_token, "probability on earlier occurrences of the same token", gaps=True
    ),
    Fold("induction", "query", induction, "probability on what followed earlier occurrences", gaps=True),
    Fold("received", "key", received, "probability that a key receives from all queries"),
    Fold("visible", "sum", visible_cells, "visible cells", dtype=COUNT),
    Fold("beyond_half", "sum", beyond_half, "visible cells with |logit| > 0.5 cap", dtype=COUNT),
    Fold("beyond_most", "sum", beyond_most, "visible cells with |logit| > 0.9 cap", dtype=COUNT),
    Fold("bend", "sum", bend, "sum of |logit - softcapped logit|", dtype=torch.double),
    Fold("largest_logit", "max", largest_logit, "largest visible |logit|, NaN where maps alone are known", gaps=True),
    Fold("thumbnail", "max", thumbnail, "largest probability per cell of a small picture", square(THUMBNAIL)),
)
