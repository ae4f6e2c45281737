"""What an attention map does, as one number per head.

Maps are probabilities of shape (B, N, T, T), BOS at position 0. Scores are the mean attention
that queries pay to one key each, between 0 and 1, as a tensor of shape (N,).
"""

import torch
from torch import Tensor


def attention_to(probs_BNTT: Tensor, queries: Tensor, keys: Tensor) -> Tensor:
    """Mean attention from each of `queries` to the key beside it in `keys`; shape (N,)."""
    return probs_BNTT[:, :, queries, keys].mean(dim=(0, 2))


def previous_token_score(probs_BNTT: Tensor) -> Tensor:
    """Mean attention to the token before; the query whose predecessor is BOS is left out."""
    queries = torch.arange(2, probs_BNTT.shape[-1])
    return attention_to(probs_BNTT, queries, queries - 1)


def induction_score(probs_BNTT: Tensor, period: int) -> Tensor:
    """Mean attention from the second copy of a segment to the token after its first occurrence.

    Args:
        probs_BNTT: maps of rows BOS, segment, segment.
        period: tokens in the segment; the key lies `period - 1` tokens back.
    """
    queries = torch.arange(period + 1, 2 * period + 1)
    return attention_to(probs_BNTT, queries, queries - period + 1)


def sink_score(probs_BNTT: Tensor) -> Tensor:
    """Mean attention to BOS from every query but the first two."""
    queries = torch.arange(2, probs_BNTT.shape[-1])
    return attention_to(probs_BNTT, queries, torch.zeros_like(queries))


def repeats(plain: Tensor, period: int, rows: int, bos: int, seed: int) -> Tensor:
    """Fresh random repeats: rows of BOS, a segment, the same segment; (rows, 1 + 2 * period).

    Args:
        plain: ids to draw from, uniformly.
        period: tokens in the segment.
        rows: how many rows.
        bos: id of BOS.
        seed: of the draw; no seed of the training batches is used here.
    """
    generator = torch.Generator().manual_seed(seed)
    picked = torch.randint(len(plain), (rows, period), generator=generator)
    segment = plain[picked]
    return torch.cat([torch.full((rows, 1), bos), segment, segment], dim=1)
