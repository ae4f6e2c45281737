"""Whether a cache of earlier keys and values is one that this model can go on with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache


@dataclass(frozen=True)
class Wanted:
    """What the model and its input ask of a cache.

    Attributes:
        rows: B of the input.
        new: T of the input.
        heads: G, key/value heads of a layer (on this device, where layers are shared among several).
        width: H, the width of a head.
        dtype: in which the model computes; None where that differs from tensor to tensor (autocast).
        windows: per layer the keys that a query sees, itself included; None in a global layer.
        devices: per layer where it computes; None where that is not known before.
    """

    rows: int
    new: int
    heads: int
    width: int
    dtype: torch.dtype | None
    windows: Sequence[int | None]
    devices: Sequence[torch.device | None]


def check_cache(cache: Cache, wanted: Wanted) -> None:
    """Check a cache before anything is written into it.

    Raises:
        ValueError: it belongs to another model, batch, dtype or device, is full, or has forgotten keys that are seen.
    """
    layers: list[Any] = cache.layers
    grows = cache.layer_class_to_replicate is not None
    if len(layers) != len(wanted.windows) and not (grows and not layers):
        raise ValueError(f"past_key_values has {len(layers)} layers, the model {len(wanted.windows)}; {_AGAIN}")
    past = int(cache.get_seq_length())
    for index, layer in enumerate(layers):
        keys = layer.keys
        if isinstance(keys, Tensor) and keys.numel():
            device = None if cache.offloading else wanted.devices[index]
            _check_keys(keys, layer.values, index, wanted, device)
        _check_room(layer, index, past, wanted)


_AGAIN = "make one for this model, such as DynamicCache(config=model.config)"


def _check_keys(keys: Tensor, values: Tensor, index: int, wanted: Wanted, device: torch.device | None) -> None:
    """The tensors that a layer holds, [B, G, S, H] each."""
    if keys.shape[0] != wanted.rows:
        raise ValueError(f"past_key_values holds a batch of {keys.shape[0]} rows, the input has {wanted.rows}")
    for tensor in (keys, values):
        heads, width = tensor.shape[1], tensor.shape[-1]
        if (heads, width) != (wanted.heads, wanted.width):
            raise ValueError(
                f"past_key_values holds {heads} key/value heads of width {width} in layer {index}, the model has "
                f"{wanted.heads} of width {wanted.width}; {_AGAIN}"
            )
        if wanted.dtype not in (None, tensor.dtype):
            raise ValueError(
                f"past_key_values holds {_name(tensor.dtype)}, the model computes in {_name(wanted.dtype)}; make the "
                f"cache with dtype=torch.{_name(wanted.dtype)} (dtype=model.dtype)"
            )
        if device not in (None, tensor.device):
            raise ValueError(
                f"past_key_values lies on {tensor.device}, but layer {index} computes on {device}; make the cache with "
                f"device={str(device)!r} (device=model.device)"
            )


def _check_room(layer: Any, index: int, past: int, wanted: Wanted) -> None:
    """Room for the new tokens, and all earlier keys that the first of them sees."""
    room = getattr(layer, "max_cache_len", None)
    if not layer.is_sliding:
        if room is not None and past + wanted.new > room:
            raise ValueError(
                f"the cache has room for {room} tokens, {past} are used and {wanted.new} are new; make it longer"
            )
        return
    window = wanted.windows[index]
    seen = past + 1 if window is None else min(window, past + 1)
    kept = layer.sliding_window if room is None else room
    if kept < seen:
        sees = "all keys" if window is None else f"{window} keys"
        raise ValueError(
            f"past_key_values keeps the last {kept} keys in layer {index}, which sees {sees}; "
            "make it from the configuration of this model, or use DynamicCache(), which keeps every key"
        )


def _name(dtype: torch.dtype | None) -> str:
    return str(dtype).removeprefix("torch.")
