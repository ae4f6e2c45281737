"""`Inputs`: what one call of attention is given, whichever way it is computed."""

from dataclasses import dataclass

from torch import Tensor

from gemma2_workbench.model.masks import Mask


@dataclass(frozen=True, eq=False)
class Inputs:
    """One call. B batch, T new tokens, S keys, N query heads, G key/value heads, H head width.

    Attributes:
        query, key, value: [B, N, T, H], [B, G, S, H], [B, G, S, H of the values]: rotated, normed, with the cache.
        mask: the rule, with this batch's padding.
        rows, keys: absolute positions.
        sinks: the logit of each head's sink, a part of the denominator, [N]; None without.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    mask: Mask
    rows: range
    keys: range
    sinks: Tensor | None = None
