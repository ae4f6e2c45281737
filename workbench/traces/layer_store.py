"""Where a trace keeps its layers: in memory, or over a budget in memory-mapped safetensors files."""

import shutil
import weakref
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import overload

from safetensors.torch import load_file, save_file

from gemma2_workbench import scratch
from gemma2_workbench.brief import brief
from gemma2_workbench.disk_errors import told
from gemma2_workbench.models.layers import Shape
from gemma2_workbench.traces.derive import LayerTensors

DEFAULT_BUDGET = 1 << 30


class FileLayers(Sequence[LayerTensors]):
    """Layers in one safetensors file each, in a temporary folder that goes away with the object, or the process.

    Reading maps the file into memory: only the parts that are touched are read.

    Attributes:
        bytes: what the tensors of all layers take on disk.
    """

    def __init__(self) -> None:
        self._folder = scratch.folder("trace")
        self._count = self.bytes = 0
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def append(self, layer: LayerTensors) -> None:
        """Write the next layer to its file."""
        tensors = {field.name: getattr(layer, field.name).contiguous() for field in fields(layer)}
        with told(self._file(self._count)):
            save_file(tensors, self._file(self._count))
        self._count += 1
        self.bytes += sum(tensor.nbytes for tensor in tensors.values())

    def __repr__(self) -> str:
        return brief(self, f"of {self._count} layers", f"{self.bytes:,} bytes on disk")

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> LayerTensors: ...
    @overload
    def __getitem__(self, index: slice) -> list[LayerTensors]: ...
    def __getitem__(self, index: int | slice) -> LayerTensors | list[LayerTensors]:
        if isinstance(index, slice):
            return [self[layer] for layer in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(f"layer {index} of {self._count}")
        return LayerTensors(**load_file(self._file(index % self._count)))

    def _file(self, layer: int) -> Path:
        return self._folder / f"layer_{layer:03}.safetensors"


def kept_bytes(shape: Shape, tokens: int, itemsize: int = 4) -> int:
    """Bytes of q, k, v, log-sums and value norms of all layers for a text of `tokens` tokens."""
    N, G, H = shape.heads, shape.kv_heads, shape.head_width
    per_token = (N + 2 * G) * H * itemsize + 2 * N * 4
    return shape.layers * tokens * per_token


def layer_store(shape: Shape, tokens: int, budget_bytes: int) -> list[LayerTensors] | FileLayers:
    """An empty store for the layers of a trace: a list if it stays within `budget_bytes`, else files."""
    return [] if kept_bytes(shape, tokens) <= budget_bytes else FileLayers()
