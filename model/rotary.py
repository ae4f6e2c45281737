"""Rotary position embedding of every type that transformers knows, through transformers' own functions.

Shapes: B batch, T tokens, H head width. Sources: RoFormer (arXiv 2104.09864); linear scaling (2306.15595), dynamic NTK
and YaRN (2309.00071), LongRoPE (2402.13753), Llama 3.1 (2407.21783).
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import Gemma2Config
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

DEFAULT = "default"
ROPE_TYPES = (DEFAULT, *ROPE_INIT_FUNCTIONS)


def frequencies(config: Gemma2Config, length: Tensor | None = None) -> tuple[Tensor, float]:
    """Angle per position of each pair of coordinates [H/2], float32, and the factor on cosine and sine.

    `length` is that of a sequence beyond the trained length, which "dynamic" and "longrope" depend on. It is a tensor,
    as in transformers: a number would be rounded otherwise.
    """
    rope_type = _rotary(config)["rope_type"]
    if rope_type == DEFAULT:
        # Not above: who only reads a configuration need not wait for transformers' models.
        from transformers.models.gemma2.modeling_gemma2 import Gemma2RotaryEmbedding

        return Gemma2RotaryEmbedding.compute_default_rope_parameters(config)
    return ROPE_INIT_FUNCTIONS[rope_type](config, None if length is None else length.device, seq_len=length)


def trained_length(config: Gemma2Config) -> int | None:
    """The length beyond which the frequencies depend on that of the sequence; None where they never do."""
    rotary = _rotary(config)
    return {
        "dynamic": config.max_position_embeddings,
        "longrope": rotary.get("original_max_position_embeddings"),
    }.get(rotary["rope_type"])


class RotaryEmbedding(nn.Module):
    """Cosine and sine of position times frequency, computed in float32 whatever the dtype of the model.

    The frequencies are made anew in each pass: a buffer would be rounded by `model.to(bfloat16)`, and transformers'
    module keeps those of the longest sequence that it saw, so that its "dynamic" answers depend on earlier texts.
    """

    def __init__(self, config: Gemma2Config):
        super().__init__()
        self.config = config

    @property
    def inv_freq(self) -> Tensor:
        """The frequencies [H/2] of a sequence of at most the trained length, float32; transformers' name."""
        return frequencies(self.config)[0]

    def forward(self, x: Tensor, position_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Positions [B, T] -> cosine and sine [B, T, H], in the dtype of `x`."""
        length, trained = None, trained_length(self.config)
        if trained is not None and (longest := position_ids.max() + 1) > trained:
            length = longest
        per_position, scaling = frequencies(self.config, length)
        angles_BTh = position_ids[..., None].float() * per_position.to(x.device)
        angles_BTH = torch.cat((angles_BTh, angles_BTh), dim=-1)
        return (angles_BTH.cos() * scaling).to(x.dtype), (angles_BTH.sin() * scaling).to(x.dtype)


def _rotary(config: Gemma2Config) -> dict[str, Any]:
    return {"rope_type": DEFAULT, **(config.rope_parameters or {})}
