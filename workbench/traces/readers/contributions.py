"""Direct contributions: how much the embedding, each head and each MLP add to one token's logit, before the final cap.

The last residual stream is the sum of the embedding and of what every branch adds after its post-norm. A norm is
linear once its own rms is given, so the logit of token v at position t is the same sum of parts:

    logit = sum over parts of part . (1 + w_final) * E_v / rms_final
    part of head n in layer l = W_O^n z_n * (1 + w_post) / rms_post

What rounding leaves is the remainder. Shapes: T tokens, D model, N heads, H head width, L layers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from gemma2_workbench.brief import brief
from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.models.language_model import require_language_model
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.readers.residual import residual_hooks


@dataclass(frozen=True, eq=False)
class Contributions:
    """The parts of the logit of one token at each position, all in logits before the final softcap, float32.

    Attributes:
        ids: the token whose logit is taken apart at each position, int32 [T].
        embedding: what the scaled embedding of the position's own token adds, [T].
        heads: what each head adds, [L, N, T].
        biases: what the bias of each output projection adds, [L, T]; Gemma 2 as published has none.
        mlps: what each MLP adds, [L, T].
        logits: the logit before the final softcap, [T].
        capped: the same after it, [T].
        constants: what the biases of final norm and unembedding add, [T]; None where there are none, as in Gemma 2.
    """

    ids: Tensor
    embedding: Tensor
    heads: Tensor
    biases: Tensor
    mlps: Tensor
    logits: Tensor
    capped: Tensor
    constants: Tensor | None = None

    def __repr__(self) -> str:
        L, N, T = self.heads.shape
        return brief(
            self, f"of {T} positions", f"{L} layers x {N} heads", f"remainder up to {self.remainder.abs().max():.1e}"
        )

    @property
    def remainder(self) -> Tensor:
        """The logit minus all its parts, [T]: rounding, and nothing else."""
        parts = self.heads.double().sum((0, 1)) + self.biases.double().sum(0) + self.mlps.double().sum(0)
        if self.constants is not None:
            parts = parts + self.constants.double()
        return (self.logits.double() - self.embedding.double() - parts).float()


class ContributionsReader:
    """Takes the logit of one token apart at every position of one text.

    Args:
        loaded: a language model, as it is run.
        chosen: the token whose logit is taken apart at each of the T positions.
    """

    def __init__(self, loaded: Source, chosen: Sequence[int]) -> None:
        self._loaded, self._unembedding = loaded, require_language_model(loaded)
        _check_parts(loaded)
        self._ids = torch.tensor(chosen, device=loaded.device)
        # Every part is read along this direction; the final divisor, known at the end, is divided out then.
        self._along_TD = self._unembedding.directions(self._ids)
        self._dots: dict[str, dict[int, Tensor]] = {"embedding": {}, "heads": {}, "biases": {}, "mlps": {}}
        self._mixed_NTH = self._divisor_T = self._logits_T = self._capped_T = torch.empty(0, dtype=torch.float32)

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        point = self._loaded.point
        own: dict[str, Hook] = {point("*", "head_out"): self._keep_mixed}
        for layer in range(self._loaded.shape.layers):
            own[point(layer, "attention_out")] = partial(self._attention, layer)
            own[point(layer, "mlp_out")] = partial(self._mlp, layer)
        return own, residual_hooks(self._loaded, self._stream)

    def finite(self) -> Sequence[Tensor]:
        """See `CheckedReader`."""
        return (self._logits_T,)

    def reading(self) -> Contributions:
        """The finished parts, on the CPU."""
        parts = {
            name: torch.stack([dots[at] for at in sorted(dots)]) / self._divisor_T for name, dots in self._dots.items()
        }
        constants = self._unembedding.constants(self._ids)
        return Contributions(
            ids=self._ids.int().cpu(),
            embedding=parts["embedding"][0].cpu(),
            heads=parts["heads"].cpu(),
            biases=parts["biases"].cpu(),
            mlps=parts["mlps"].cpu(),
            logits=self._logits_T.cpu(),
            capped=self._capped_T.cpu(),
            constants=None if constants is None else constants.cpu(),
        )

    def _keep_mixed(self, _module: nn.Module, _args: object, out: Tensor) -> None:
        self._mixed_NTH = out[0].float()

    def _attention(self, layer: int, _module: nn.Module, args: tuple[Tensor, ...], _out: Tensor) -> None:
        """What each head adds: its own columns of the output projection, and what norms them."""
        N, _, H = self._mixed_NTH.shape
        along_TM, self._dots["biases"][layer] = self._loaded.pull_back(layer, self._along_TD, args[-1][0])
        along_TNH = along_TM.unflatten(-1, (N, H))
        self._dots["heads"][layer] = torch.einsum("tnh,nth->nt", along_TNH, self._mixed_NTH)

    def _mlp(self, layer: int, _module: nn.Module, _args: object, out: Tensor) -> None:
        self._dots["mlps"][layer] = (self._along_TD * out[0].float()).sum(-1)

    def _stream(self, row: int, resid_TD: Tensor) -> None:
        """The embedding from the first row; the divisor and the logit itself from the last."""
        if row == 0:
            self._dots["embedding"][0] = (self._along_TD * resid_TD.float()).sum(-1)
        if row == self._loaded.shape.layers:
            self._divisor_T = self._unembedding.divisor(resid_TD)
            logits = self._unembedding.logits_of(resid_TD, self._ids)
            self._logits_T, self._capped_T = (part.float() for part in logits)


def _check_parts(loaded: Source) -> None:
    """Refuse a model whose logits are not the sum of what its heads and its MLPs add.

    Raises:
        ValueError: which part is not known.
    """
    reason = why_no_contributions(loaded)
    if reason:
        raise ValueError(f"{loaded.name} has no contributions: {reason}")


def why_no_contributions(loaded: Source) -> str:
    """Why the logits of a language model are not the sum of what its heads and MLPs add; empty where they are."""
    if not require_language_model(loaded).known:
        return "how it reads logits from its residual stream is not known"
    missing = {"resid_pre", "attention_out", "mlp_out"} - loaded.points
    if missing:
        return "its layers do not change one residual stream by what attention and MLP add, each for itself"
    mixers = [layer.index for layer in loaded.layers if not layer.softmax]
    return f"layer {mixers[0]} adds what no attention head adds" if mixers else ""
