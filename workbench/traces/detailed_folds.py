"""Folds that cost more, read where they are asked for (`capture(read=...)`): distances, top keys, pooled maps.

Letters: Q query rows of a block, S keys, N heads, K keys kept, b bins, k cells of a side.
"""

from collections.abc import Callable
from functools import partial, wraps

import torch
from torch import Tensor

from gemma2_workbench.traces.blocks import Block, Sums
from gemma2_workbench.traces.folds import FOLDS, Fold
from gemma2_workbench.traces.pooling import largest_cells, mean_cells, square

TOP_KEYS = 8
POOLED = 512


def _of_cells(reduce: Callable[[Block], Tensor]) -> Callable[[Sums], Tensor]:
    """A fold that is made from the cells of a block."""

    @wraps(reduce)
    def reduced(sums: Sums) -> Tensor:
        if not isinstance(sums, Block):
            raise TypeError(f"{reduce.__name__} needs the cells of a block, not the sums of a layer")
        return reduce(sums)

    return reduced


_CellFold = partial(Fold, of_cells=True)


@_of_cells
def distance_variance(block: Block) -> Tensor:
    """Variance of the distance between query and key, sum p_ij (|i - j| - mean)^2, tokens squared, [N, Q]."""
    distance_QS = block.places.weights[:, 0]
    from_mean_NQS = torch.sub(distance_QS, block.masses.distance[..., None], out=block.temporary())
    return from_mean_NQS.square_().mul_(block.probs).sum(-1)


@_of_cells
def distance_bins(block: Block) -> Tensor:
    """Probability by distance, added up over the queries: 0, 1, 2-3, 4-7, ... tokens, [N, b]."""
    N, Q, S = block.probs.shape
    # Each row one place further to the left, so that a column is a distance.
    width = Q + S
    skewed_NQw = block.probs.new_zeros(N, Q, width)
    skewed_NQw.as_strided((N, Q, S), (Q * width, width - 1, 1), Q - 1).copy_(block.probs)
    newest = block.span.rows.stop - 1 - block.span.keys.start
    distance_w = torch.arange(newest, newest - width, -1, device=block.probs.device).abs()
    (bins,) = distance_shape(len(block.text))
    edges = 2 ** torch.arange(bins - 1, device=block.probs.device)
    bin_w = torch.bucketize(distance_w, edges, right=True).clamp_(max=bins - 1)
    mass_Nb = torch.zeros(N, bins, dtype=torch.double, device=block.probs.device)
    return mass_Nb.index_add_(1, bin_w, skewed_NQw.sum(1, dtype=torch.double))


@_of_cells
def top_keys(block: Block) -> Tensor:
    """The keys that a query attends to most, best first, -1 where there are no more, int32 [N, Q, K]."""
    mass_NQK, at_NQK = block.top(TOP_KEYS)
    return (at_NQK + block.span.keys.start).masked_fill(mass_NQK == 0, -1).int()


@_of_cells
def top_mass(block: Block) -> Tensor:
    """The probability on each of `top_keys`, [N, Q, K]; their sum is what is kept of the row."""
    return block.top(TOP_KEYS)[0]


@_of_cells
def pooled_max(block: Block) -> Tensor:
    """Largest probability in each cell of a picture of at most 512 x 512, [N, k, k]."""
    return largest_cells(block.probs, block.span, len(block.text), POOLED)


@_of_cells
def pooled_mean(block: Block) -> Tensor:
    """Mean probability in each cell of a picture of at most 512 x 512, hidden cells counted as 0, [N, k, k]."""
    return mean_cells(block.probs, block.span, len(block.text), POOLED)


def distance_shape(tokens: int) -> tuple[int]:
    """How many bins of `distance_bins` a text has."""
    return ((tokens - 1).bit_length() + 1,)


def _top_shape(tokens: int) -> tuple[int]:
    return (min(tokens, TOP_KEYS),)


GROUPS: dict[str, tuple[Fold, ...]] = {
    "folds": FOLDS,
    "distances": (
        _CellFold("distance_variance", "query", distance_variance, "variance of the distance, tokens squared", since=4),
        _CellFold(
            "distance_bins",
            "sum",
            distance_bins,
            "probability at distance 0, 1, 2-3, 4-7, ...",
            distance_shape,
            torch.double,
            since=4,
        ),
    ),
    "top_keys": (
        _CellFold("top_keys", "query", top_keys, "keys attended to most", _top_shape, torch.int32, -1, since=4),
        _CellFold("top_mass", "query", top_mass, "probability on each of them", _top_shape, since=4),
    ),
    "pooled": (
        _CellFold("pooled_max", "max", pooled_max, "largest probability per cell", square(POOLED), since=4),
        _CellFold("pooled_mean", "sum", pooled_mean, "mean probability per cell", square(POOLED), since=4),
    ),
}
