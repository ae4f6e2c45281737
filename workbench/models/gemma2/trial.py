"""`trial`: one layer of a Gemma 2 model, ready to be run on random numbers and timed.

Letters: Q query rows, P earlier keys, G key/value heads, H head width, D model.
"""

from collections.abc import Callable
from typing import Any

import torch
from transformers.cache_utils import DynamicCache

from gemma2_workbench.model import Gemma2Config
from gemma2_workbench.model.gemma2 import Gemma2DecoderLayer
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.model.rotary import RotaryEmbedding
from gemma2_workbench.models.weights import dense


def trial(
    config: Gemma2Config, layer: Gemma2DecoderLayer, causal: bool, tokens: int, rows: int
) -> Callable[[], object]:
    """See `Source.trial`."""
    attention, G = layer.self_attn, config.num_key_value_heads or config.num_attention_heads
    Q, H = min(rows, tokens), attention.head_dim
    # Where queries see later keys, each block sees what the last one sees here.
    P = (tokens - Q) // 2 if causal else tokens - Q
    # A norm's, for those of matrices may be packed.
    dtype, device = layer.input_layernorm.weight.dtype, dense.device(layer.input_layernorm)
    place: dict[str, Any] = {"device": device, "dtype": dtype}
    past = torch.randn(2, 1, G, P, H, **place)
    resid = torch.randn(1, Q, config.hidden_size, **place)
    rotary = RotaryEmbedding(config)(resid, torch.arange(P, P + Q, device=device)[None])
    mask = Mask(attention.window, causal=causal)

    def run() -> None:
        cache = DynamicCache(config=config)
        if P:
            cache.update(past[0], past[1], attention.layer_idx)
        layer(resid, rotary, mask, past_key_values=cache)

    return run
