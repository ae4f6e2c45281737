"""The residual stream of one pass, row by row: what layer 0 receives, then what every layer leaves behind."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook


def residual_hooks(layers: int, read: Callable[[int, Tensor], None]) -> dict[str, Hook]:
    """Hooks for the trunk that call `read(row, resid)` with the residual stream [T, D] of the first sequence.

    Row 0 are the scaled embeddings, row n what layer n - 1 leaves; the last one, row `layers`, is what the final norm
    gets. transformers' `hidden_states[-1]` is already normed, so a lens on it would norm twice.
    """
    kept: list[Tensor] = []

    def pre(row: int) -> Hook:
        def hook(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> None:
            kept[:] = [out[0]]
            read(row, out[0])

        return hook

    def attended(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> None:
        kept[0] = kept[0] + out[0]

    def left(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> None:
        # The same two sums in the same order as the layer itself: the same bits.
        read(layers, kept.pop() + out[0])

    last = f"layers.{layers - 1}."
    return {
        **{f"layers.{row}.resid_pre": pre(row) for row in range(layers)},
        last + "post_attention_layernorm": attended,
        last + "post_feedforward_layernorm": left,
    }
