"""The folds reader: statistics of attention, reduced block by block; nothing of size T x T is kept."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.blocks import Sums
from gemma2_workbench.traces.folds import FOLDS, Fold
from gemma2_workbench.traces.reader import Batch


class FoldsReader:
    """Merges the folds of all blocks of a batch; needs no hooks of its own.

    Args:
        loaded: the model as it is run.
        batch: the texts.
        folds: which statistics.

    Attributes:
        needs_cells: see `BlockReader`.
    """

    def __init__(self, loaded: Source, batch: Batch, folds: Sequence[Fold] = FOLDS) -> None:
        self._folds = folds
        self.needs_cells = any(fold.of_cells for fold in folds)
        place = (loaded.shape.layers, loaded.shape.heads)
        self._results = [
            {
                fold.name: torch.zeros(*place, *fold.whole(length), dtype=fold.dtype, device=batch.ids.device)
                for fold in folds
            }
            for length in batch.lengths
        ]

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        return ()

    def take(self, layers: Sequence[int], text: int, sums: Sums) -> None:
        """See `BlockReader`."""
        for fold in self._folds:
            _merge(self._results[text][fold.name], layers, fold, sums)

    def reading(self, text: int = 0) -> dict[str, Tensor]:
        """The finished statistics of one text of the batch, [L, N, T, ...] or [L, N, ...], on the CPU."""
        return {name: result.cpu() for name, result in self._results[text].items()}


def _merge(result: Tensor, layers: Sequence[int], fold: Fold, sums: Sums) -> None:
    """Merge the result of some rows into those of the layers."""
    value = fold.reduce(sums).unflatten(0, (len(layers), -1))
    at = _evenly(layers)
    rows, keys = (slice(part.start, part.stop) for part in (sums.span.rows, sums.span.keys))
    if fold.over == "query":
        result[at, :, rows] = value
    elif fold.over == "key":
        result[at, :, keys] += value
    elif fold.over == "sum":
        result[at] += value
    else:
        result[at] = torch.maximum(result[at], value)


def _evenly(layers: Sequence[int]) -> slice | list[int]:
    """Some layers as a part of a tensor that is no copy, where they stand at even distances."""
    step = layers[1] - layers[0] if len(layers) > 1 else 1
    found = range(layers[0], layers[-1] + 1, step)
    return slice(found.start, found.stop, step) if list(found) == list(layers) else list(layers)
