"""The attention reader keeps q, k, v and the row sums of every layer, from which any stage of any head follows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.blocks import Sums
from gemma2_workbench.traces.derive import LayerTensors
from gemma2_workbench.traces.layer_store import DEFAULT_BUDGET, FileLayers, layer_store
from gemma2_workbench.traces.reader import Batch
from gemma2_workbench.traces.room import Room

_TAPS = ("q_rot", "k_rot", "v")


class _Kept(NamedTuple):
    """What is kept of a layer besides its log-sums, see `LayerTensors`."""

    q: Tensor
    k: Tensor
    v: Tensor
    value_norms: Tensor


class AttentionReader:
    """Keeps what all stages are derived from.

    Args:
        loaded: the model as it is run.
        batch: the texts.
        budget_bytes: above it the layers of a text go to memory-mapped files instead of memory.
    """

    needs_cells = False

    def __init__(self, loaded: Source, batch: Batch, budget_bytes: int = DEFAULT_BUDGET) -> None:
        self._loaded, self._batch = loaded, batch
        self._stores = [layer_store(loaded.shape, length, budget_bytes) for length in batch.lengths]
        self._taps: dict[str, Tensor] = {}
        # Of each text by layer: log-sums of its rows, and what waits for them.
        self._sums: list[defaultdict[int, list[Tensor]]] = [defaultdict(list) for _ in batch.lengths]
        self._waiting: list[dict[int, _Kept]] = [{} for _ in batch.lengths]
        self._rooms = [[Room(ahead=isinstance(store, list)) for _ in _TAPS] for store in self._stores]

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        hooks: dict[str, Hook] = {}
        for layer in (info.index for info in self._loaded.layers if info.softmax):
            hooks |= {self._loaded.point(layer, tap): self._tap(tap) for tap in _TAPS}
            hooks[self._loaded.point(layer, "head_out")] = self._finish(layer)
        return (hooks,)

    def take(self, layers: Sequence[int], text: int, sums: Sums) -> None:
        """See `BlockReader`: rows come in their order."""
        for layer, log_sum_NQ in zip(layers, sums.log_sum.chunk(len(layers)), strict=True):
            self._sums[text][layer].append(log_sum_NQ)

    def take_log_sums(self, layer: int, text: int, log_sum_NQ: Tensor) -> None:
        """See `LogSumReader`."""
        self._sums[text][layer].append(log_sum_NQ)

    def reading(self, text: int = 0) -> list[LayerTensors] | FileLayers:
        """The layers of one text of the batch.

        Raises:
            RuntimeError: a layer was computed, but nobody handed its log-sums over.
        """
        if self._waiting[text]:
            raise RuntimeError(f"layers {sorted(self._waiting[text])} have no log-sums: their blocks were not all read")
        self._fill(text, self._loaded.shape.layers)
        return self._stores[text]

    def _fill(self, text: int, layer: int) -> None:
        """Put nothing in the places of layers before `layer` that have no softmax."""
        store, length = self._stores[text], self._batch.lengths[text]
        while len(store) < layer:
            store.append(LayerTensors.of_nothing(self._loaded.shape, length, getattr(torch, self._loaded.dtype)))

    def _tap(self, name: str) -> Hook:
        def keep(_module: nn.Module, _args: object, out: Tensor) -> None:
            self._taps[name] = out

        return keep

    def _finish(self, layer: int) -> Hook:
        def keep(_module: nn.Module, _args: object, _out: Tensor) -> None:
            whole = [self._taps.pop(name) for name in _TAPS]
            for text, length in enumerate(self._batch.lengths):
                q, k, v = (tensor[text, :, :length] for tensor in whole)
                norms = self._loaded.value_norms(layer, v).cpu()
                left = self._loaded.shape.layers - layer
                q, k, v = (room.copied(part, left) for room, part in zip(self._rooms[text], (q, k, v), strict=True))
                self._waiting[text][layer] = _Kept(q, k, v, norms)
                self._store(text)

        return keep

    def _store(self, text: int) -> None:
        """Store the layers whose log-sums are there, in their order: those of a short text come with its last layer."""
        waiting, sums = self._waiting[text], self._sums[text]
        for layer in list(takewhile(lambda layer: layer in sums, waiting)):
            self._fill(text, layer)
            log_sum = torch.cat(sums.pop(layer), dim=1).cpu()
            kept = waiting.pop(layer)
            self._stores[text].append(LayerTensors(kept.q, kept.k, kept.v, log_sum, kept.value_norms))
