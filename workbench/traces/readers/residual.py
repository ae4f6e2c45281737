"""The residual stream of one pass, row by row: what layer 0 receives, then what every layer leaves behind."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.models.source import Source


def residual_hooks(loaded: Source, read: Callable[[int, Tensor], None]) -> dict[str, Hook]:
    """Hooks that call `read(row, resid)` with the residual stream [T, D] of the first sequence.

    Row 0 are the scaled embeddings, row n what layer n - 1 leaves; the last one, row L, is what the final norm
    gets. transformers' `hidden_states[-1]` is already normed, so a lens on it would norm twice.

    Raises:
        ValueError: the model has no such stream.
    """
    if "resid_pre" not in loaded.points:
        raise ValueError(f"{loaded.name} has no single residual stream [B, T, D], which a lens reads")
    kept: list[Tensor] = []
    layers = loaded.shape.layers

    def pre(row: int) -> Hook:
        def hook(_module: nn.Module, _args: object, out: Tensor) -> None:
            kept[:] = [out[0]]
            read(row, out[0])

        return hook

    def attended(_module: nn.Module, _args: object, out: Tensor) -> None:
        kept[0] = kept[0] + out[0]

    def left(_module: nn.Module, _args: object, out: Tensor) -> None:
        # The same two sums in the same order as the layer itself: the same bits.
        read(layers, kept.pop() + out[0])

    rows = {loaded.point(row, "resid_pre"): pre(row) for row in range(layers)}
    if "resid_post" in loaded.points:
        return {**rows, loaded.point(layers - 1, "resid_post"): pre(layers)}
    return {
        **rows,
        loaded.point(layers - 1, "attention_out"): attended,
        loaded.point(layers - 1, "mlp_out"): left,
    }


class ResidualReader:
    """Keeps the residual stream of some positions of one text, in the dtype of the model and on its device.

    Args:
        loaded: a model, as it is run.
        positions: P positions that follow each other.
    """

    def __init__(self, loaded: Source, positions: range) -> None:
        self._loaded, self._positions = loaded, positions
        self._rows: list[Tensor] = []

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        return (residual_hooks(self._loaded, self._keep),)

    def finite(self) -> Sequence[Tensor]:
        """See `CheckedReader`."""
        return self._rows

    def reading(self) -> Tensor:
        """The stream, [R, P, D]."""
        return torch.stack(self._rows)

    def _keep(self, _row: int, resid_TD: Tensor) -> None:
        # A copy, because a part of the stream would keep all of it.
        self._rows.append(resid_TD[self._positions.start : self._positions.stop].clone())
