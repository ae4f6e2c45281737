"""The prediction reader: the next-token logits after one position, before and after the final softcap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gemma2_workbench.brief import brief
from gemma2_workbench.display import InNotebooks
from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.models.language_model import pieces_of
from gemma2_workbench.models.source import Source

NAMED = 64  # tokens whose display strings are kept


@dataclass(frozen=True, eq=False)
class Prediction(InNotebooks):
    """Next-token logits of one position.

    Attributes:
        logits, capped: float32 [V], before and after the final softcap.
        pieces: (id, display string) of the likeliest tokens.
    """

    logits: Tensor
    capped: Tensor
    pieces: tuple[tuple[int, str], ...] = ()

    def __repr__(self) -> str:
        best = (f"{name!r} {probability:.3f}" for name, probability in self.top(3))
        return brief(self, "of " + ", ".join(best), f"entropy {self.entropy:.3g} nats")

    def top(self, count: int = 10) -> list[tuple[str, float]]:
        """The likeliest tokens with their probabilities, likeliest first; `#id` where the name was not kept."""
        names = dict(self.pieces)
        best = self.log_probs.topk(min(count, len(self.capped)))
        pairs = zip(best.indices.tolist(), best.values.exp().tolist(), strict=True)
        return [(names.get(token, f"#{token}"), probability) for token, probability in pairs]

    @property
    def log_probs(self) -> Tensor:
        """Log-probabilities after the softcap, nats, [V]."""
        return torch.log_softmax(self.capped, dim=-1)

    @property
    def entropy(self) -> float:
        """Entropy of the distribution, nats."""
        log_probs_V = self.log_probs.double()
        return float(-(log_probs_V.exp() * log_probs_V).sum())

    def divergence_from(self, other: "Prediction") -> float:
        """KL(other || self), nats: what is lost by believing self where other is the truth."""
        theirs = other.log_probs
        return float((theirs.exp() * (theirs - self.log_probs)).sum().clamp(min=0))


class PredictionReader:
    """Keeps the logits at one position of one text."""

    def __init__(self, loaded: Source, position: int) -> None:
        self._loaded = loaded
        self.positions = (position,)
        self._kept: dict[str, Tensor] = {}

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        return ({"final_logits": self._keep("logits"), "capped_logits": self._keep("capped")},)

    def finite(self) -> Sequence[Tensor]:
        """See `CheckedReader`: before the softcap, which bends infinity back to a number."""
        return list(self._kept.values())

    def reading(self) -> Prediction:
        """The prediction, on the CPU."""
        top = self._kept["capped"].topk(min(NAMED, len(self._kept["capped"]))).indices
        return Prediction(**self._kept, pieces=pieces_of(self._loaded, top.tolist()))

    def _keep(self, name: str) -> Hook:
        def keep(_module: nn.Module, _args: object, out: Tensor) -> None:
            self._kept[name] = out[0, 0].float().cpu()

        return keep
