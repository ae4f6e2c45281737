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
from typing import Any, cast

import torch
from torch import Tensor, nn

from gemma2_workbench.model.attention import softcap
from gemma2_workbench.model.gemma2 import Gemma2DecoderLayer, RMSNorm
from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.models.loading import LoadedModel
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
    """

    ids: Tensor
    embedding: Tensor
    heads: Tensor
    biases: Tensor
    mlps: Tensor
    logits: Tensor
    capped: Tensor

    @property
    def remainder(self) -> Tensor:
        """The logit minus all its parts, [T]: rounding, and nothing else."""
        parts = self.heads.double().sum((0, 1)) + self.biases.double().sum(0) + self.mlps.double().sum(0)
        return (self.logits.double() - self.embedding.double() - parts).float()


class ContributionsReader:
    """Takes the logit of one token apart at every position of one text.

    Args:
        loaded: a language model, as it is run.
        chosen: the token whose logit is taken apart at each of the T positions.
    """

    def __init__(self, loaded: LoadedModel, chosen: Sequence[int]) -> None:
        self._loaded = loaded
        self._ids = torch.tensor(chosen, device=loaded.model.device)
        # Every part is read along this direction; the final rms, known at the end, is divided out then.
        self._along_TD = loaded.model.lm_head.weight[self._ids].float() * _scale(loaded.trunk.norm)
        self._dots: dict[str, dict[int, Tensor]] = {"embedding": {}, "heads": {}, "biases": {}, "mlps": {}}
        self._mixed_NTH = self._rms_T = self._logits_T = self._capped_T = torch.empty(0, dtype=torch.float32)

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        layers = len(self._loaded.trunk.layers)
        own: dict[str, Hook] = {"layers.*.self_attn.head_out": self._keep_mixed}
        for layer in range(layers):
            own[f"layers.{layer}.post_attention_layernorm"] = partial(self._attention, layer)
            own[f"layers.{layer}.post_feedforward_layernorm"] = partial(self._mlp, layer)
        return own, residual_hooks(layers, self._stream)

    def finite(self) -> Sequence[Tensor]:
        """See `CheckedReader`."""
        return (self._logits_T,)

    def reading(self) -> Contributions:
        """The finished parts, on the CPU."""
        parts = {
            name: torch.stack([dots[at] for at in sorted(dots)]) / self._rms_T for name, dots in self._dots.items()
        }
        return Contributions(
            ids=self._ids.int().cpu(),
            embedding=parts["embedding"][0].cpu(),
            heads=parts["heads"].cpu(),
            biases=parts["biases"].cpu(),
            mlps=parts["mlps"].cpu(),
            logits=self._logits_T.cpu(),
            capped=self._capped_T.cpu(),
        )

    def _keep_mixed(self, _module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> None:
        self._mixed_NTH = out[0].float()

    def _attention(self, layer: int, norm: nn.Module, args: tuple[Any, ...], _out: Tensor) -> None:
        """What each head adds: its own columns of the output projection, through the post-norm of the sum."""
        N, _, H = self._mixed_NTH.shape
        o_proj = cast(Gemma2DecoderLayer, self._loaded.trunk.layers[layer]).self_attn.o_proj
        rms_T = _rms(cast(RMSNorm, norm), args[0][0])
        along_TD = self._along_TD * _scale(cast(RMSNorm, norm)) / rms_T[:, None]
        along_TNH = (along_TD @ o_proj.weight.float()).unflatten(-1, (N, H))
        self._dots["heads"][layer] = torch.einsum("tnh,nth->nt", along_TNH, self._mixed_NTH)
        bias_D = torch.zeros(1, dtype=torch.float32) if o_proj.bias is None else o_proj.bias.float()
        self._dots["biases"][layer] = (along_TD * bias_D.to(along_TD.device)).sum(-1)

    def _mlp(self, layer: int, _module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> None:
        self._dots["mlps"][layer] = (self._along_TD * out[0].float()).sum(-1)

    def _stream(self, row: int, resid_TD: Tensor) -> None:
        """The embedding from the first row; the rms and the logit itself from the last."""
        if row == 0:
            self._dots["embedding"][0] = (self._along_TD * resid_TD.float()).sum(-1)
        if row == len(self._loaded.trunk.layers):
            norm = self._loaded.trunk.norm
            self._rms_T = _rms(norm, resid_TD)
            logits_T = (norm(resid_TD) * self._loaded.model.lm_head.weight[self._ids]).sum(-1)
            self._logits_T = logits_T.float()
            self._capped_T = softcap(logits_T, self._loaded.config.final_logit_softcapping).float()


def _rms(norm: RMSNorm, x_TD: Tensor) -> Tensor:
    """What the norm divides by at each position, float32 [T]."""
    return (x_TD.float().pow(2).mean(-1) + norm.eps).sqrt()


def _scale(norm: RMSNorm) -> Tensor:
    """What the norm multiplies with, float32 [D]."""
    return 1.0 + norm.weight.float()
