"""How a decoder reads logits from its residual stream: final norm, unembedding, what is done to the logits; as found.

    logits = after(W (norm(x) * into) + b),  after(z) = z * scale or cap * tanh(z / cap)

Letters: T positions, D model, V vocabulary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.model.equation import softcap
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.study.norms import NormForm
from gemma2_workbench.models.decoder.study.study import Step, Study

CAP = "final_logit_softcapping"
_CLOSE = 1e-5


@dataclass(frozen=True, eq=False)
class Reading:
    """How logits are read, where it is known.

    Attributes:
        head: the linear module that unembeds.
        norm: the norm before it and its form; None where the head reads the stream.
        into: what the normed stream is multiplied with.
        scale: what the logits are multiplied with.
    """

    head: nn.Module
    norm: NormForm | None
    into: float
    scale: float


@dataclass(frozen=True, eq=False)
class DecoderUnembedding:
    """See `Unembedding`.

    Attributes:
        model: the decoder.
        vocabulary: V.
        found: how logits are read; None where it is not known.
        reason: why it is not.
    """

    model: Any
    vocabulary: int
    found: Reading | None
    reason: str = ""

    @property
    def known(self) -> bool:
        """See `Unembedding`."""
        return self.found is not None

    @property
    def softcap(self) -> float | None:
        """The cap on the logits; None is off."""
        return getattr(self.model.config.get_text_config(), CAP, None)

    def logits(self, resid: Tensor) -> tuple[Tensor, Tensor]:
        """See `Unembedding`."""
        how = self._how()
        # Past the hooks: what is attached to the head is of the model's own logits.
        raw = how.head.forward(self._normed(how, resid))
        return raw, self._after(how, raw)

    def logits_of(self, resid_TD: Tensor, ids_T: Tensor) -> tuple[Tensor, Tensor]:
        """See `Unembedding`."""
        how = self._how()
        weight_VD, bias_V = self._weights(how)
        raw_T = (self._normed(how, resid_TD) * weight_VD[ids_T]).sum(-1)
        if bias_V is not None:
            raw_T = raw_T + bias_V[ids_T]
        return raw_T, self._after(how, raw_T)

    def directions(self, ids_T: Tensor) -> Tensor:
        """See `Unembedding`."""
        how = self._how()
        along_TD = self._weights(how)[0][ids_T].float() * how.into
        return along_TD if how.norm is None else how.norm.pulled(along_TD)

    def divisor(self, resid_TD: Tensor) -> Tensor:
        """See `Unembedding`."""
        norm = self._how().norm
        return torch.ones(len(resid_TD), device=resid_TD.device) if norm is None else norm.divisor(resid_TD)

    def constants(self, ids_T: Tensor) -> Tensor | None:
        """See `Unembedding`: the biases of the final norm and of the head."""
        how = self._how()
        weight_VD, bias_V = self._weights(how)
        norm_T = 0 if how.norm is None else (weight_VD[ids_T].float() * how.into * how.norm.bias()).sum(-1)
        found = norm_T + (0 if bias_V is None else bias_V[ids_T].float())
        return found if isinstance(found, Tensor) and bool(found.any()) else None

    def _how(self) -> Reading:
        if self.found is None:
            raise RefusedError(f"how it reads logits from its residual stream is not known: {self.reason}")
        return self.found

    def _normed(self, how: Reading, resid: Tensor) -> Tensor:
        normed = resid if how.norm is None else how.norm.module.forward(resid)
        return normed if how.into == 1 else normed * how.into

    def _after(self, how: Reading, raw: Tensor) -> Tensor:
        return softcap(raw if how.scale == 1 else raw * how.scale, self.softcap)

    def _weights(self, how: Reading) -> tuple[Tensor, Tensor | None]:
        """[V, D] and [V]."""
        bias = getattr(how.head, "bias", None)
        return how.head.get_parameter("weight"), bias if isinstance(bias, Tensor) else None


def unembedding_of(model: Any, seen: Study, last: str, stream: bool) -> DecoderUnembedding:
    """How a decoder that was watched reads logits.

    Args:
        model: the decoder.
        seen: the pass.
        last: the name of its last layer.
        stream: whether it has one residual stream.
    """
    vocabulary = seen.logits.shape[-1]
    try:
        found = _reading(model, seen, last, stream)
    except RefusedError as error:
        return DecoderUnembedding(model, vocabulary, None, str(error))
    ours = DecoderUnembedding(model, vocabulary, found)
    stream_end = seen.steps[last].gave
    assert stream_end is not None
    with torch.no_grad():
        apart = (ours.logits(stream_end)[1] - seen.logits).abs().max()
    if apart > _CLOSE * (1 + seen.logits.abs().max()):
        return DecoderUnembedding(
            model, vocabulary, None, "its logits are not those of final norm, head, scale and cap"
        )
    return ours


def _reading(model: Any, seen: Study, last: str, stream: bool) -> Reading:
    if not stream:
        raise RefusedError("it has no single residual stream [B, T, D]")
    head = model.get_output_embeddings()
    name = next((name for name, module in model.named_modules() if module is head), "")
    step, end = seen.steps.get(name), seen.steps[last].gave
    if not isinstance(head, nn.Linear) or step is None or step.given is None or step.gave is None or end is None:
        raise RefusedError("it has no linear head")
    norm_name, into = _norm(seen.steps, end, step.given)
    norm = None
    if norm_name is not None:
        norm = NormForm.of(model.get_submodule(norm_name), seen.steps[norm_name])
        if norm is None:
            raise RefusedError(f"its final norm, {norm_name}, is neither RMSNorm nor LayerNorm")
    cap = getattr(model.config.get_text_config(), CAP, None)
    return Reading(head, norm, into, _ratio(seen.logits, step.gave) if cap is None else 1.0)


def _norm(steps: Mapping[str, Step], end: Tensor, read: Tensor) -> tuple[str | None, float]:
    """The module between the stream and the head, and what its output is multiplied with."""
    for step in steps.values():
        if step.given is None or step.gave is None or step.given.shape != end.shape or step.gave.shape != read.shape:
            continue
        # Not an identity: the stream itself is the last resort.
        if torch.equal(step.given, end) and not torch.equal(step.gave, end):
            ratio = _ratio(read, step.gave)
            if _is_close(read, step.gave * ratio):
                return step.name, ratio
    if end.shape == read.shape and _is_close(read, end):
        return None, 1.0
    raise RefusedError("what its head reads is not its last residual stream, normed")


def _ratio(a: Tensor, b: Tensor) -> float:
    """The number that a is b times, 1 where they are the same."""
    if torch.equal(a, b):
        return 1.0
    a, b = a.double().flatten(), b.double().flatten()
    return float((a @ b) / (b @ b))


def _is_close(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool((a - b).abs().max() <= _CLOSE * (1 + a.abs().max()))
