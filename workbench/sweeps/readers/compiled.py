"""`CompiledReader`: the statistics of a sweep by a compiled kernel, where there is one.

Letters: B texts, L layers, F statistics of queries, N heads, Q query rows of a block, T tokens of the longest text,
S keys, b bins.
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import import_module
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.compiled import compiles
from gemma2_workbench.model.hooks import Hook, Span, reads_at_once
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.examples import WIDTH, Extremes
from gemma2_workbench.sweeps.readers.stages import stage_hooks
from gemma2_workbench.sweeps.readers.sums import BatchSums, of_texts
from gemma2_workbench.sweeps.statistics import BINS, OF_QUERIES
from gemma2_workbench.threads import Run, words_of
from gemma2_workbench.traces.fused import bounds_of
from gemma2_workbench.traces.reader import Batch
from gemma2_workbench.traces.text import seen_keys

_KERNEL = "gemma2_workbench.kernels"
_EDGES = np.stack([each.edges for each in OF_QUERIES])
_BINS_A_UNIT = np.array([BINS if each.share else 0 for each in OF_QUERIES], float)


def suits(loaded: Source) -> bool:
    """Whether the kernel gives the numbers: probabilities that are the float32 softmax of the scores, on a CPU."""
    if loaded.dtype != "float32" or loaded.device != "cpu" or not _is_there():
        return False
    return all(layer.staged and layer.sinks is None for layer in loaded.layers if layer.softmax)


class CompiledSums:
    """The statistics of a batch, gathered stage by stage and block by block.

    Args:
        layers, heads: of the model.
        ids_BT: the texts, padded on the right.
        lengths_B: tokens of each.
        since_B: the first query of each that counts.
    """

    def __init__(
        self, layers: int, heads: int, ids_BT: np.ndarray, lengths_B: Sequence[int], since_B: Sequence[int]
    ) -> None:
        L, N, B, F = layers, heads, len(lengths_B), len(OF_QUERIES)
        self._lengths, self._since = np.array(lengths_B), np.array(since_B)
        self._before, self._first = occurrences(ids_BT)
        self._bins = np.zeros((L, N, F, BINS), np.int64)
        self._sums, self._cells = np.zeros((L, B, N, F, 3)), np.zeros((L, B))
        self._sizes, self._largest = np.zeros((L, B, N, 4)), np.zeros((L, B, N), np.int32)
        self._tops = np.empty((B * N, ids_BT.shape[1]), np.int32)  # which a sweep does not keep
        place = (L, B, N, F, 2)
        self._best = np.full(place, -np.inf, np.float32)
        self._where = np.zeros((*place, 3), np.int64)
        self._rows = np.zeros((*place, WIDTH), np.float32)

    @property
    def sums(self) -> BatchSums:
        """All that was added up."""
        # |raw - score| is |raw| - |score|, for a cap bends towards 0.
        bend_LBN = np.maximum(self._sizes[..., 2] - self._sizes[..., 3], 0)
        parts = (*self._sizes[..., :2].transpose(3, 0, 1, 2), bend_LBN, self._largest.view(np.float32))
        texts = of_texts(np.stack(parts, 2), self._cells)
        return BatchSums(self._sums.transpose(4, 1, 3, 0, 2), self._bins.transpose(2, 0, 1, 3), texts)

    @property
    def extremes(self) -> Extremes:
        """The largest and smallest values of each text."""
        best = self._best.transpose(4, 3, 0, 2, 1).astype(float)
        best[np.isinf(best)] = np.nan
        best[1] = -best[1]
        query, peak, first = self._where.transpose(5, 4, 3, 0, 2, 1)
        return Extremes(best, query, peak, first, self._rows.transpose(4, 3, 0, 2, 1, 5))

    def add_logits(self, info: LayerInfo, span: Span, raw_BNQS: Tensor) -> None:
        """Add the raw logits of a block, and count its cells."""
        first_Q, stop_Q = _places(span, info.mask)[:2]
        self._cells[info.index] += np.concatenate(([0], (stop_Q - first_Q).cumsum()))[self._here(span)]
        sums = (self._sizes[info.index].reshape(-1, 4), self._largest[info.index].reshape(-1))
        self._spread(_kernel().add_logits, info, span, raw_BNQS, (*bounds_of(info.softcap), *words_of(*sums)))
        if info.softcap is None:
            self._sizes[info.index, ..., 2] = 0

    def add_scores(self, info: LayerInfo, span: Span, scores_BNQS: Tensor) -> None:
        """Add the scores of a block; without a cap they are the logits."""
        if info.softcap is not None:
            sums = (self._sizes[info.index].reshape(-1, 4), self._tops)
            self._spread(_kernel().add_scores, info, span, scores_BNQS, (span.rows.start, *words_of(*sums)))

    def add_probs(self, info: LayerInfo, span: Span, probs_BNQS: Tensor) -> None:
        """Add the probabilities of a block, and keep its best rows."""
        first_Q, stop_Q, most_Q, distances = _places(span, info.mask)
        layer = info.index
        _kernel().add_probs_of_batch(
            *(_array(probs_BNQS), span.rows.start, span.keys.start, first_Q, stop_Q, distances, most_Q),
            *(self._lengths, self._since, self._before, self._first, _EDGES, _BINS_A_UNIT),
            *(self._bins[layer], self._sums[layer], self._best[layer], self._where[layer], self._rows[layer]),
        )

    def _spread(self, add: Run, info: LayerInfo, span: Span, stage_BNQS: Tensor, given: Sequence[int]) -> None:
        """Let the threads of torch take the heads."""
        heads, seen = stage_BNQS.shape[1], seen_keys(span, info.mask)
        arrays = (_array(stage_BNQS.flatten(0, 1)), *seen, self._here(span))
        add(heads, heads, (*given, *words_of(*arrays)))

    def _here(self, span: Span) -> np.ndarray:
        """How many of the rows each text has, int64 [B]."""
        return (self._lengths - span.rows.start).clip(0, len(span.rows))


class CompiledReader:
    """See `SweepReader`.

    Nothing of a block is kept: the model overwrites its stages as in a plain pass.

    Args:
        loaded: the model as it is run, which the kernel suits.
        batch: the texts; of one length where a query sees the keys behind it, among which padding would be.
        since: the first query of each text that counts.
    """

    def __init__(self, loaded: Source, batch: Batch, since: Sequence[int]) -> None:
        self._loaded, shape = loaded, loaded.shape
        self._sums = CompiledSums(shape.layers, shape.heads, batch.ids.numpy(), batch.lengths, since)

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        sums = self._sums
        takers = {"attn_logits": sums.add_logits, "attn_scores": sums.add_scores, "attn_probs": sums.add_probs}
        return ({name: reads_at_once(hook) for name, hook in stage_hooks(self._loaded, takers).items()},)

    def reading(self) -> BatchSums:
        """See `SweepReader`."""
        return self._sums.sums

    def extremes(self) -> Extremes:
        """See `SweepReader`."""
        return self._sums.extremes


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


def _array(stage: Tensor) -> np.ndarray:
    return stage.contiguous().numpy()


def _kernel() -> ModuleType:
    return import_module(_KERNEL)


@cache
def _is_there() -> bool:
    """Whether the kernel can be used; see `compiles`."""
    tried = CompiledSums(1, 1, np.zeros((1, 2), np.int64), [2], [0])
    info, span, stage = LayerInfo(0, "global", None, 1.0, 1.0, True), Span(range(2), range(2)), torch.ones(1, 1, 2, 2)

    def trial() -> None:
        for add in (tried.add_logits, tried.add_scores, tried.add_probs):
            add(info, span, stage)

    return compiles(_KERNEL, trial)
