"""`CompiledReader`: the statistics of a sweep by a compiled kernel, where there is one.

Letters: B texts, L layers, F statistics of queries, N heads, T tokens of the longest text, S keys, b bins.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import import_module

import numpy as np
from torch import Tensor

from gemma2_workbench.model.hooks import Span
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.examples import WIDTH, Extremes
from gemma2_workbench.sweeps.readers.stages import StagesReader
from gemma2_workbench.sweeps.readers.sums import BatchSums, of_texts
from gemma2_workbench.sweeps.statistics import BINS, OF_QUERIES
from gemma2_workbench.traces.reader import Batch
from gemma2_workbench.traces.text import seen_keys

_KERNEL = "gemma2_workbench.sweeps.readers.kernel"
# Stands for no cap: no float32 is larger.
_UNCAPPED = float(np.finfo(np.float32).max)
_EDGES = np.stack([each.edges for each in OF_QUERIES])


def suits(loaded: Source) -> bool:
    """Whether the kernel gives the numbers: probabilities that are the float32 softmax of the scores, on a CPU."""
    if loaded.dtype != "float32" or loaded.device != "cpu" or not _is_there():
        return False
    return all(layer.staged and layer.sinks is None for layer in loaded.layers if layer.softmax)


class CompiledReader(StagesReader):
    """See `StagesReader`.

    Args:
        loaded: the model as it is run, which the kernel suits.
        batch: the texts; of one length where a query sees the keys behind it, among which padding would be.
        since: the first query of each text that counts.
    """

    def __init__(self, loaded: Source, batch: Batch, since: Sequence[int]) -> None:
        super().__init__(loaded)
        L, N, B, F = loaded.shape.layers, loaded.shape.heads, len(batch.lengths), len(OF_QUERIES)
        self._lengths, self._since = np.array(batch.lengths), np.array(since)
        self._before, self._first = occurrences(batch.ids.numpy())
        self._bins = np.zeros((L, N, F, BINS), np.int64)
        self._sums, self._cells = np.zeros((L, B, N, 3, F)), np.zeros((L, B))
        self._saturation = np.zeros((L, B, N, 4))
        place = (L, B, N, 2, F)
        self._best = np.full(place, -np.inf, np.float32)
        self._where = np.zeros((*place, 3), np.int64)
        self._rows = np.zeros((*place, WIDTH), np.float32)

    def reading(self) -> BatchSums:
        """See `StagesReader`."""
        texts = of_texts(self._saturation.transpose(0, 1, 3, 2), self._cells)
        return BatchSums(self._sums.transpose(3, 1, 4, 0, 2), self._bins.transpose(2, 0, 1, 3), texts)

    def extremes(self) -> Extremes:
        """See `StagesReader`."""
        best = self._best.transpose(3, 4, 0, 2, 1).astype(float)
        best[np.isinf(best)] = np.nan
        best[1] = -best[1]
        query, peak, first = self._where.transpose(5, 3, 4, 0, 2, 1)
        return Extremes(best, query, peak, first, self._rows.transpose(3, 4, 0, 2, 1, 5))

    def _take(self, info: LayerInfo, span: Span, logits: Tensor, scores: Tensor, probs: Tensor) -> None:
        """See `StagesReader`."""
        first_Q, stop_Q, most_Q, distances = _places(span, info.mask)
        rows, keys, layer = span.rows, span.keys, info.index
        here_B = (self._lengths - rows.start).clip(0, len(rows))
        self._cells[layer] += np.concatenate(([0], (stop_Q - first_Q).cumsum()))[here_B]
        cap = _UNCAPPED if info.softcap is None else info.softcap
        import_module(_KERNEL).reduce(
            *(stage.contiguous().numpy() for stage in (logits, scores, probs)),
            *(rows.start, keys.start, first_Q, stop_Q, distances, most_Q),
            (np.float32(0.5 * cap), np.float32(cap if info.softcap is None else 0.9 * cap)),
            *(self._lengths, self._since, self._before, self._first, _EDGES),
            *(self._bins[layer], self._sums[layer], self._saturation[layer]),
            *(self._best[layer], self._where[layer], self._rows[layer]),
        )


def occurrences(ids_BT: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the token of each position stood last before it, -1 for nowhere, and where first; int64 [B, T] each."""
    B, T = ids_BT.shape
    order_BT = ids_BT.argsort(1, kind="stable")
    sorted_BT = np.take_along_axis(ids_BT, order_BT, 1)
    again_BT = np.concatenate((np.zeros((B, 1), bool), sorted_BT[:, 1:] == sorted_BT[:, :-1]), 1)
    last_BT = np.where(again_BT, np.roll(order_BT, 1, 1), -1)
    starts_BT = np.maximum.accumulate(np.where(again_BT, 0, np.arange(T)), 1)
    before_BT, first_BT = np.empty((2, B, T), np.int64)
    np.put_along_axis(before_BT, order_BT, last_BT, 1)
    np.put_along_axis(first_BT, order_BT, np.take_along_axis(order_BT, starts_BT, 1), 1)
    return before_BT, first_BT


@lru_cache(maxsize=1024)
def _places(span: Span, mask: Mask) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What the kernel is told of the rows and keys of a block; the same in every layer of a kind."""
    first_Q, stop_Q = seen_keys(span, mask)
    most_Q = np.log(np.maximum(stop_Q - first_Q, 1)).astype(np.float32)
    back = np.arange(span.keys.start - span.rows.stop + 1, span.keys.stop - span.rows.start, dtype=np.float32)
    return first_Q, stop_Q, most_Q, np.abs(back)


@cache
def _is_there() -> bool:
    """Whether the kernel can be used: not without numba, or with one that is not made for this numpy."""
    try:
        import_module(_KERNEL)
    except ImportError:
        return False
    return True
