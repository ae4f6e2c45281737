"""The folds reader: statistics of attention, reduced block by block; nothing of size T x T is kept."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.traces.blocks import Block
from gemma2_workbench.traces.folds import FOLDS, Fold
from gemma2_workbench.traces.reader import Batch


class FoldsReader:
    """Merges the folds of all blocks of a batch; needs no hooks of its own."""

    def __init__(self, batch: Batch, folds: Sequence[Fold] = FOLDS) -> None:
        self._folds = folds
        self._results: list[dict[str, dict[int, Tensor]]] = [{fold.name: {} for fold in folds} for _ in batch.lengths]

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        return ()

    def take(self, layer: int, text: int, block: Block) -> None:
        """See `BlockReader`."""
        for fold in self._folds:
            _merge(self._results[text][fold.name], layer, fold, block)

    def reading(self, text: int = 0) -> dict[str, Tensor]:
        """The finished statistics of one text of the batch, [L, N, T] or [L, N, ...], on the CPU."""
        results = self._results[text]
        return {name: torch.stack([layers[at] for at in sorted(layers)]).cpu() for name, layers in results.items()}


def _merge(results: dict[int, Tensor], layer: int, fold: Fold, block: Block) -> None:
    """Merge one block's result into the layer's."""
    value = fold.reduce(block)
    before = results.get(layer)
    if fold.over in ("query", "key"):
        if before is None:
            before = results[layer] = value.new_zeros(len(value), len(block.ids))
        before.index_add_(1, block.rows if fold.over == "query" else block.keys, value)
    elif before is None:
        results[layer] = value
    else:
        results[layer] = before + value if fold.over == "sum" else torch.maximum(before, value)
