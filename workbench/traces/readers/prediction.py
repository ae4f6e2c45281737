"""What the model predicts after a text: the next-token distribution, before and after the final softcap."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.model import attached
from gemma2_workbench.models.finite import check_finite
from gemma2_workbench.models.loading import LoadedModel
from gemma2_workbench.traces.interventions import Intervention, applied


@dataclass(frozen=True, eq=False)
class Prediction:
    """Next-token logits of one position, float32 [V]: before and after the final softcap."""

    logits: Tensor
    capped: Tensor

    @property
    def log_probs(self) -> Tensor:
        """Log-probabilities after the softcap, nats, [V]."""
        return torch.log_softmax(self.capped, dim=-1)

    def divergence_from(self, other: "Prediction") -> float:
        """KL(other || self), nats: what is lost by believing self where other is the truth."""
        theirs = other.log_probs
        return float((theirs.exp() * (theirs - self.log_probs)).sum().clamp(min=0))


def predict(
    loaded: LoadedModel, ids: Sequence[int], interventions: Sequence[Intervention] = (), position: int = -1
) -> Prediction:
    """The prediction after `ids[: position + 1]` (default: after the whole text), for the model as changed.

    Raises:
        ValueError: the model has no language-model head, or an intervention cannot be.
        NotFiniteError: the model computes NaN or infinity.
    """
    if not hasattr(loaded.model, "lm_head"):
        raise ValueError(f"{loaded.name} has no language-model head; predictions need Gemma2ForCausalLM")
    kept: list[Tensor] = []
    ids_1T = torch.tensor([list(ids)], device=loaded.model.device)
    keep = torch.tensor([position % ids_1T.shape[1]], device=loaded.model.device)
    reader = {"final_logits": lambda _module, _args, out: kept.append(out)}
    with torch.no_grad(), applied(loaded, interventions) as changed, attached(changed.model, reader):

        def run() -> Tensor:
            return changed.model(ids_1T, logits_to_keep=keep, use_cache=False).logits

        capped = run()
        check_finite(changed.model, run, kept[0], capped)
    return Prediction(kept[0][0, 0].float().cpu(), capped[0, 0].float().cpu())
