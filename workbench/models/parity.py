"""The parity statement: our forward pass against transformers' own eager model, same weights, same text."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from gemma2_workbench.model.hooks import attached
from gemma2_workbench.models.finite import check_finite
from gemma2_workbench.models.source import Source

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
    def verdict(self) -> str:
        """The statement in few words."""
        if not self.tokens:
            return f"not compared with {self.reference}"
        return f"{'equal to' if self.holds else 'different from'} {self.reference}"

    @property
    def brief(self) -> str:
        """The statement with its largest difference."""
        largest = max(self.output_max_diff, self.probs_max_diff)
        return f"{self.verdict}: largest difference {largest:.1g}" if self.tokens else self.verdict

    @property
    def sentence(self) -> str:
        """The statement in words."""
        if not self.tokens:
            return self.verdict
        return (
            f"{self.verdict} on the first {self.tokens} tokens: largest difference "
            f"{self.output_max_diff:.1e} in the output, {self.probs_max_diff:.1e} in any attention probability "
            f"(tolerance {self.tolerance:.0e})"
        )


def unchecked(reference: str) -> Parity:
    """The statement of a trace whose comparison with `reference` was switched off."""
    return Parity(reference, 0, float("nan"), float("nan"), float("nan"))


def compare(loaded: Source, ids: tuple[int, ...]) -> Parity:
    """Run transformers' model and ours on the first `PARITY_TOKENS` ids and compare outputs and all attention maps.

    Raises:
        NotFiniteError: our model computes NaN or infinity.
        ParityError: a difference is beyond the tolerance of the dtype.
    """
    ids_1T = torch.tensor([ids[:PARITY_TOKENS]], device=loaded.device)
    # Before the final softcap, which bends infinity back to a number.
    raw: list[Tensor] = []
    is_speaker = loaded.unembedding is not None
    with torch.no_grad(), loaded.lock:
        with attached(
            loaded.model, {"final_logits": lambda _module, _args, out: raw.append(out)} if is_speaker else {}
        ):
            ours = loaded.model(ids_1T, output_attentions=True, output_hidden_states=[-1], return_dict=True)
        check_finite(loaded.model, partial(loaded.model, ids_1T), *raw, ours[0], ours.hidden_states[0])
        theirs = loaded.reference()(ids_1T, output_attentions=True, return_dict=True)
    parity = Parity(
        reference=loaded.reference_name,
        tokens=ids_1T.shape[1],
        output_max_diff=_difference(ours[0], theirs[0]),
        probs_max_diff=_largest(map(_difference, ours.attentions, theirs.attentions)),
        tolerance=TOLERANCE[loaded.dtype],
    )
    if not parity.holds:
        raise ParityError(f"{loaded.name} is {parity.sentence}; nothing is shown. Please report this.")
    return parity


def _largest(differences: Iterable[float]) -> float:
    """The largest, NaN where any is: Python's own max drops it."""
    return float(torch.tensor(list(differences), dtype=torch.float64).max())


def _difference(ours: Tensor, theirs: Tensor) -> float:
    return float((ours.float() - theirs.float()).abs().max())
