"""`Outputs`: what a model and its reference are compared by."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Outputs:
    """One pass, all of it.

    Attributes:
        last: logits, or the scores of a classifier, or the last hidden states.
        maps: the attention probabilities of each layer that has any, [B, N, T, T].
        inner: what may be infinite although `last` is not: logits before a cap, the last hidden states.
    """

    last: Tensor
    maps: Sequence[Tensor]
    inner: Sequence[Tensor] = ()
