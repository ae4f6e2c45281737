"""The plain path on CUDA: torch's fused flex_attention with cap and window, for layers that nobody watches.

Its numbers are those of the blocks up to rounding: scores are not rounded to the dtype of the model in between. When a
kernel is used for a kind of layer for the first time, its result is compared with the blocks' on the same input. Where
it differs by more than `TOLERANCE`, cannot be built or is not there at all, the blocks are used from then on.

Shapes: B batch, T tokens, N query heads, G key/value heads, H head width.
"""

import logging
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from gemma2_workbench.model.masks import Mask

# Largest difference to the blocks, as a share of the largest number that they give.
TOLERANCE = {torch.float32: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}
# Below this many tokens the blocks are one block, and a kernel would gain nothing.
FEWEST = 256
_LOG = logging.getLogger(__name__)
# Whether the kernel is good for a kind of layer, by what makes the kind.
_good: dict[tuple[object, ...], bool] = {}


def suits(q_BNTH: Tensor, mask: Mask, rows: range, keys: range) -> bool:
    """Whether a layer may be computed like this: a whole text on CUDA, without padding or packing."""
    is_whole = rows == keys and rows.start == 0 and mask.keep is None and mask.sequence is None
    return is_whole and len(rows) >= FEWEST and q_BNTH.device.type == "cuda" and q_BNTH.dtype in TOLERANCE


def attend(
    q_BNTH: Tensor,
    k_BGTH: Tensor,
    v_BGTH: Tensor,
    mask: Mask,
    scale: float,
    cap: float | None,
    blocks: Callable[[], Tensor],
) -> Tensor:
    """The values mixed, [B, N, T, H]: by the kernel where it is good for this kind of layer, else by `blocks`."""
    B, N, T, H = q_BNTH.shape
    kind = (q_BNTH.device, q_BNTH.dtype, N, k_BGTH.shape[1], H, mask.window, mask.causal, scale, cap)
    if _good.get(kind) is False:
        return blocks()
    try:
        window = mask.window if mask.window is not None and mask.window < T else None
        visible = _block_mask(window, mask.causal, T, q_BNTH.device)
        mixed = kernel()(q_BNTH, k_BGTH, v_BGTH, score_mod=_bend(cap), block_mask=visible, scale=scale, enable_gqa=True)
    except Exception as error:  # whatever the compiler of this machine fails with, the blocks need none
        _LOG.info("flex_attention is not used: %s", error)
        _good[kind] = False
        return blocks()
    if kind not in _good:
        exact = blocks()
        _good[kind] = bool((mixed - exact).abs().max() <= TOLERANCE[q_BNTH.dtype] * exact.abs().max())
        return exact
    return mixed


@cache
def kernel() -> Callable[..., Any]:
    """flex_attention, compiled for whatever lengths come.

    Raises:
        ImportError: torch has none, or there is nothing to compile with.
    """
    from torch.nn.attention.flex_attention import flex_attention

    if find_spec("triton") is None:
        raise ImportError("flex_attention needs triton")
    return torch.compile(flex_attention, dynamic=True)


@cache
def _bend(cap: float | None) -> Callable[..., Tensor] | None:
    """The cap on a score; one function for each cap, since a new function would be compiled anew."""
    if cap is None:
        return None
    return lambda score, _batch, _head, _query, _key: cap * torch.tanh(score / cap)


@lru_cache(maxsize=8)
def _block_mask(window: int | None, causal: bool, tokens: int, device: torch.device) -> object:
    """Which blocks of queries and keys the kernel visits, by the rule of `Mask`."""
    from torch.nn.attention.flex_attention import create_block_mask

    def visible(_batch: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        back = query - key
        if causal:
            return (back >= 0) if window is None else (back >= 0) & (back < window)
        return (back == back) if window is None else back.abs() <= window

    return create_block_mask(visible, None, None, tokens, tokens, device=device)
