"""The parity statement: our forward pass against transformers' own eager Gemma 2, same weights, same text."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import transformers
from torch import Tensor

from gemma2_workbench.model import attached
from gemma2_workbench.models.finite import check_finite
from gemma2_workbench.models.loading import LoadedModel

# Where attention is causal, what holds for the first tokens of a text holds for them in the whole text too; where it
# is not, they are compared as a text of their own.
PARITY_TOKENS = 128
TOLERANCE = {"float32": 1e-4, "float16": 5e-3, "bfloat16": 3e-2}


class ParityError(RuntimeError):
    """Our numbers differ from transformers'; nothing computed with this model is to be shown."""


@dataclass(frozen=True)
class Parity:
    """How far our forward pass is from the reference on the first `tokens` tokens.

    Attributes:
        reference: the implementation compared with, with its version.
        tokens: how many tokens were compared; 0 if the comparison was switched off.
        output_max_diff: largest absolute difference of the output (logits, or final hidden states).
        probs_max_diff: largest absolute difference of any attention probability of any layer and head.
        tolerance: what is allowed for the dtype.
    """

    reference: str
    tokens: int
    output_max_diff: float
    probs_max_diff: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether both differences are within the tolerance."""
        # Each by itself: the larger of a number and NaN may be either.
        return self.tokens > 0 and all(diff <= self.tolerance for diff in (self.output_max_diff, self.probs_max_diff))

    @property
    def sentence(self) -> str:
        """The statement in words."""
        if not self.tokens:
            return f"not compared with {self.reference}"
        verdict = "equal to" if self.holds else "different from"
        return (
            f"{verdict} {self.reference} on the first {self.tokens} tokens: largest difference "
            f"{self.output_max_diff:.1e} in the output, {self.probs_max_diff:.1e} in any attention probability "
            f"(tolerance {self.tolerance:.0e})"
        )


def reference_name() -> str:
    """Name and version of the implementation we compare with."""
    return f"transformers {transformers.__version__} eager Gemma 2"


def unchecked() -> Parity:
    """The statement of a trace whose comparison was switched off."""
    return Parity(reference_name(), 0, float("nan"), float("nan"), float("nan"))


def compare(loaded: LoadedModel, ids: tuple[int, ...]) -> Parity:
    """Run transformers' model and ours on the first `PARITY_TOKENS` ids and compare outputs and all attention maps.

    Raises:
        NotFiniteError: our model computes NaN or infinity.
        ParityError: a difference is beyond the tolerance of the dtype.
    """
    ids_1T = torch.tensor([ids[:PARITY_TOKENS]], device=loaded.model.device)
    # Before the final softcap, which bends infinity back to a number.
    raw: list[Tensor] = []
    is_speaker = hasattr(loaded.model, "lm_head")
    with torch.no_grad(), loaded.lock:
        with attached(
            loaded.model, {"final_logits": lambda _module, _args, out: raw.append(out)} if is_speaker else {}
        ):
            ours = loaded.model(ids_1T, output_attentions=True, output_hidden_states=[-1], return_dict=True)
        check_finite(loaded.model, partial(loaded.model, ids_1T), *raw, ours[0], ours.hidden_states[0])
        theirs = reference(loaded)(ids_1T, output_attentions=True, return_dict=True)
    parity = Parity(
        reference=reference_name(),
        tokens=ids_1T.shape[1],
        output_max_diff=_difference(ours[0], theirs[0]),
        probs_max_diff=_largest(map(_difference, ours.attentions, theirs.attentions)),
        tolerance=TOLERANCE[loaded.dtype],
    )
    if not parity.holds:
        raise ParityError(f"{loaded.name} is {parity.sentence}; nothing is shown. Please report this.")
    return parity


def reference(loaded: LoadedModel) -> Any:
    """Build transformers' model of the same class on the very same weight tensors (no copy), eager attention."""
    cls = getattr(transformers, type(loaded.model).__name__)
    # Our own configuration, which is one of theirs: made anew as theirs, it would be refused where ours allows more (a
    # `query_pre_attn_scalar` that is no whole number, which their model computes with as ours does).
    config = copy.deepcopy(loaded.config)
    config._attn_implementation = "eager"
    with torch.device("meta"):
        twin = cls(config)
    twin.load_state_dict(loaded.model.state_dict(), assign=True)
    # Buffers that are no weights stay on the meta device and have to be made anew.
    trunk = twin.base_model
    place = loaded.model.device
    trunk.rotary_emb = type(trunk.rotary_emb)(config).to(place)
    trunk.embed_tokens.embed_scale = torch.tensor(config.hidden_size**0.5, dtype=torch.float32, device=place)
    return twin.eval()


def _largest(differences: Iterable[float]) -> float:
    """The largest, NaN where any is: Python's own max drops it."""
    return float(torch.tensor(list(differences), dtype=torch.float64).max())


def _difference(ours: Tensor, theirs: Tensor) -> float:
    return float((ours.float() - theirs.float()).abs().max())
