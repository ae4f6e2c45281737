"""The files of a converted model: which tensors go into which, and writing one of them."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gemma2_workbench.atomic import replacing
from gemma2_workbench.model.google.names import Part, scaler_of

# Rows of an int8 weight are multiplied so many at a time: what is made in between stays small beside the result.
_ROWS = 4096
_IN_FILES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}


@dataclass(frozen=True)
class Shard:
    """One file of the converted model."""

    file: str
    parts: tuple[Part, ...]
    dtype: torch.dtype

    @property
    def bytes(self) -> int:
        """The size of its numbers."""
        return sum(_bytes(part, self.dtype) for part in self.parts)

    @property
    def sources(self) -> set[str]:
        """The tensors that it is made of, and the factors of those that are int8."""
        names = {part.source for part in self.parts}
        return names | {scaler_of(name) for name in names}

    def is_whole(self, folder: Path) -> bool:
        """Whether the file is there and holds all that it is to hold; one that is cut off is not."""
        try:
            with safe_open(folder / self.file, "pt") as opened:
                names = opened.keys()
                slices = {name: opened.get_slice(name) for name in names}
                held = {name: (tuple(part.get_shape()), part.get_dtype()) for name, part in slices.items()}
        except (SafetensorError, OSError):
            return False
        return held == {part.name: (part.shape, _IN_FILES[self.dtype]) for part in self.parts}

    def write(self, folder: Path, tensors: Mapping[str, Tensor]) -> None:
        """Write the file, which is there whole or not at all, even if the power fails.

        Args:
            folder: where.
            tensors: at least those of `sources`.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
            ValueError: float16 cannot hold a number.
        """
        weights = {part.name: _converted(part, tensors, self.dtype) for part in self.parts}
        with replacing(folder / self.file) as part:
            save_file(weights, part, metadata={"format": "pt"})
            with part.open("rb") as stream:
                os.fsync(stream.fileno())


def packed(parts: Iterable[Part], dtype: torch.dtype, most_bytes: int) -> list[Shard]:
    """Tensors in files of at most `most_bytes` in their order; a larger tensor has a file of its own."""
    groups: list[list[Part]] = []
    held = 0
    for part in parts:
        size = _bytes(part, dtype)
        if not groups or held + size > most_bytes:
            groups.append([])
            held = 0
        groups[-1].append(part)
        held += size
    names = [f"model-{at + 1:05d}-of-{len(groups):05d}.safetensors" for at in range(len(groups))]
    names = ["model.safetensors"] if len(groups) == 1 else names
    return [Shard(name, tuple(group), dtype) for name, group in zip(names, groups, strict=True)]


def _bytes(part: Part, dtype: torch.dtype) -> int:
    return prod(part.shape) * dtype.itemsize


def _converted(part: Part, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> Tensor:
    """The rows of a tensor in `dtype`; where they have it already, they stay in the file that they are mapped from."""
    rows = tensors[part.source][part.start : part.stop]
    if rows.dtype is torch.int8:
        made = _unpacked(rows, tensors[scaler_of(part.source)][part.start : part.stop], dtype)
    else:
        made = rows.to(dtype).contiguous()
    if dtype is torch.float16 and rows.dtype is not dtype and not made.isfinite().all():
        raise ValueError(f"{part.source} holds numbers beyond those of float16; convert to bfloat16 or float32")
    return made


def _unpacked(rows: Tensor, factors: Tensor, dtype: torch.dtype) -> Tensor:
    """An int8 weight times its factors [rows], computed in the dtype of the factors."""
    made = torch.empty(rows.shape, dtype=dtype)
    for start in range(0, len(rows), _ROWS):
        some = slice(start, start + _ROWS)
        made[some] = rows[some] * factors[some, None]
    return made
