"""`LayerInfo`: the numbers of one layer's attention, as data that everything after the pass can live with."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from gemma2_workbench.model.attention import Gemma2Attention
from gemma2_workbench.model.gemma2 import Gemma2DecoderLayer
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.loading import LoadedModel


@dataclass(frozen=True)
class LayerInfo:
    """The numbers of one layer's attention.

    Attributes:
        index: the layer.
        kind: "local" (sliding window) or "global".
        window: keys that a query of a local layer sees, itself included (each side of it where not causal, itself
            not counted); None in a global one.
        softcap: the cap on its logits; None is off.
        scale: what q.k is multiplied with.
        causal: whether later keys are hidden.
    """

    index: int
    kind: str
    window: int | None
    softcap: float | None
    scale: float
    causal: bool

    @property
    def mask(self) -> Mask:
        """The model's own rule for an unpadded text."""
        return Mask(self.window, causal=self.causal)


def layers_of(loaded: LoadedModel) -> tuple[LayerInfo, ...]:
    """The layers as they are now, interventions included."""
    causal = not loaded.config.sees_later
    return tuple(
        LayerInfo(at, "global" if one.window is None else "local", one.window, one.cap, one.scale, causal)
        for at, one in enumerate(attention_layers(loaded))
    )


def attention_layers(loaded: LoadedModel) -> list[Gemma2Attention]:
    """The attention modules of all layers, in order."""
    return [cast(Gemma2DecoderLayer, layer).self_attn for layer in loaded.trunk.layers]


def value_norms(loaded: LoadedModel, layer: int, v_GTH: Tensor) -> Tensor:
    """|| W_O v_j || for every head and token, float32 [N, T]; W_O is the head's own part of the output projection."""
    G, _, H = v_GTH.shape
    weight = attention_layers(loaded)[layer].o_proj.weight
    out_DNH = weight.float().unflatten(1, (-1, H))
    N = out_DNH.shape[1]
    return torch.stack([(v_GTH[head * G // N].float() @ out_DNH[:, head].T).norm(dim=-1) for head in range(N)])
