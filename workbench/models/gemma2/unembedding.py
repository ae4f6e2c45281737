"""How a Gemma 2 language model reads logits from its residual stream: final norm, unembedding, final softcap.

Letters: T tokens, D model, V vocabulary.
"""

from dataclasses import dataclass

from torch import Tensor

from gemma2_workbench.model import Gemma2ForCausalLM
from gemma2_workbench.model.equation import softcap
from gemma2_workbench.model.gemma2 import RMSNorm
from gemma2_workbench.models.weights import dense


@dataclass(frozen=True, eq=False)
class Gemma2Unembedding:
    """See `Unembedding`; norm, head and cap are those of `model`, in its dtype."""

    model: Gemma2ForCausalLM

    @property
    def vocabulary(self) -> int:
        """V."""
        return self.model.lm_head.out_features

    @property
    def known(self) -> bool:
        """See `Unembedding`."""
        return True

    @property
    def softcap(self) -> float | None:
        """The cap on the logits; None is off."""
        return self.model.config.final_logit_softcapping

    def logits(self, resid: Tensor) -> tuple[Tensor, Tensor]:
        """See `Unembedding`."""
        logits = self.model.lm_head(self.model.model.norm(resid))
        return logits, softcap(logits, self.softcap)

    def logits_of(self, resid_TD: Tensor, ids_T: Tensor) -> tuple[Tensor, Tensor]:
        """See `Unembedding`."""
        logits_T = (self.model.model.norm(resid_TD) * dense.rows(self.model.lm_head, ids_T)).sum(-1)
        return logits_T, softcap(logits_T, self.softcap)

    def directions(self, ids_T: Tensor) -> Tensor:
        """See `Unembedding`."""
        return dense.rows(self.model.lm_head, ids_T).float() * multiplier(self.model.model.norm)

    def divisor(self, resid_TD: Tensor) -> Tensor:
        """See `Unembedding`."""
        return divisor(self.model.model.norm, resid_TD)

    def constants(self, ids_T: Tensor) -> None:
        """See `Unembedding`: there are no biases."""


def divisor(norm: RMSNorm, x_TD: Tensor) -> Tensor:
    """What the norm divides by at each position, its rms, float32 [T]."""
    return (x_TD.float().pow(2).mean(-1) + norm.eps).sqrt()


def multiplier(norm: RMSNorm) -> Tensor:
    """What the norm multiplies with, float32 [D]."""
    return 1.0 + dense.scale(norm)
