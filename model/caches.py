"""Key/value caches: transformers' own, the legacy tuples, and the `HybridCache` that the documentation names."""

from typing import Any, TypeAlias

import torch
from torch import Tensor
from transformers import PreTrainedConfig
from transformers.cache_utils import Cache, DynamicCache, EncoderDecoderCache, StaticCache

LegacyCache: TypeAlias = tuple[tuple[Tensor, Tensor], ...]


class HybridCache(StaticCache):
    """A preallocated cache: `max_cache_len` keys in global layers, at most the window in local ones.

    The constructor of transformers up to 4.56, which the documentation still shows; a transformers `StaticCache`.

    Args:
        config: the model's configuration.
        max_batch_size: rows of the batch.
        max_cache_len: tokens that the cache can hold.
        device: where keys and values live, those of the model; default: cpu.
        dtype: their dtype, that of the model (`dtype=model.dtype`); default: float32.

    Raises:
        ValueError: a size below 1.
    """

    def __init__(
        self,
        config: PreTrainedConfig,
        max_batch_size: int = 1,
        max_cache_len: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ):
        length = config.max_position_embeddings if max_cache_len is None else max_cache_len
        if max_batch_size < 1 or length < 1:
            raise ValueError(f"max_batch_size={max_batch_size} and max_cache_len={length} must be at least 1")
        super().__init__(config=config, max_cache_len=length)
        place = torch.device(device or "cpu")
        self.early_initialization(
            max_batch_size, config.num_key_value_heads, config.head_dim, dtype or torch.float32, place
        )


def as_cache(given: Cache | LegacyCache | None, config: PreTrainedConfig) -> Cache | None:
    """A transformers `Cache` from what a caller gives.

    Args:
        given: a cache, a legacy tuple of (k, v) [B, G, P, H] per layer, or None. A tuple holds all P keys in every
            layer, local ones included, as transformers 4.42 made them.
        config: the model's configuration.

    Raises:
        ValueError: a tuple of the wrong length or shape.
        TypeError: neither a cache of a decoder nor a tuple of tensors.
    """
    if isinstance(given, EncoderDecoderCache):
        raise TypeError("past_key_values is an EncoderDecoderCache, and Gemma 2 has no encoder; use a DynamicCache")
    return given if given is None or isinstance(given, Cache) else _from_tuple(given, config)


def _from_tuple(given: object, config: PreTrainedConfig) -> Cache:
    """A growing cache from legacy tuples, after checking them."""
    if not isinstance(given, (tuple, list)):
        raise TypeError(f"past_key_values must be a transformers Cache or a tuple, got {type(given).__name__}")
    L, G, H = config.num_hidden_layers, config.num_key_value_heads, config.head_dim
    if len(given) != L or any(len(pair) != 2 for pair in given):
        raise ValueError(f"past_key_values must hold {L} pairs (keys, values), one per layer, got {len(given)} entries")
    tensors = [tensor for pair in given for tensor in pair]
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"past_key_values must hold tensors, got {type(tensor).__name__}")
    if any(t.ndim != 4 or t.shape != tensors[0].shape or t.shape[1::2] != (G, H) for t in tensors):
        shape = list(tensors[0].shape)
        raise ValueError(f"past_key_values must be tensors [batch, {G}, past tokens, {H}] of one length, got {shape}")
    return DynamicCache(ddp_cache_data=given)


def as_given(cache: Cache | None, given: Cache | LegacyCache | None) -> Any:
    """The updated cache in the format in which the caller gave it: tuples in, tuples out."""
    if cache is None or given is None or isinstance(given, Cache):
        return cache
    layers: list[Any] = cache.layers
    return tuple((layer.keys, layer.values) for layer in layers)
