"""`Unembedding`: how next-token logits are read from the residual stream of a language model.

Letters: T tokens, D model, V vocabulary.
"""

from typing import Protocol

from torch import Tensor


class Unembedding(Protocol):
    """How a language model reads next-token logits from its residual stream: final norm, head, final softcap."""

    @property
    def vocabulary(self) -> int:
        """V."""
        ...

    @property
    def known(self) -> bool:
        """Whether logits can be read from the residual stream; else the vocabulary and the cap alone are known."""
        ...

    @property
    def softcap(self) -> float | None:
        """The cap on the logits; None is off."""
        ...

    def logits(self, resid: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of all tokens before and after the cap, [..., V] each, from the residual stream [..., D]."""
        ...

    def logits_of(self, resid_TD: Tensor, ids_T: Tensor) -> tuple[Tensor, Tensor]:
        """The same for one token at each position, [T] each."""
        ...

    def directions(self, ids_T: Tensor) -> Tensor:
        """What the residual stream is multiplied with for the logit of a token, times `divisor`; float32 [T, D]."""
        ...

    def divisor(self, resid_TD: Tensor) -> Tensor:
        """What the final norm divides by at each position, float32 [T]."""
        ...

    def constants(self, ids_T: Tensor) -> Tensor | None:
        """What biases of the final norm and of the head add to the logit of a token, float32 [T]; None for nothing."""
        ...
