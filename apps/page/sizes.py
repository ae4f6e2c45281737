"""`taken`: how many bytes a value takes, in memory and on disk."""

import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import is_dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor, nn

from gemma2_workbench.traces.layer_store import FileLayers


class Taken(NamedTuple):
    """Bytes in memory and bytes in files of the value's own."""

    memory: int
    disk: int


def taken(value: Any) -> Taken:
    """What a value takes with everything it holds: tensors, arrays, modules, and dataclasses and collections of them.

    A storage that several tensors share counts once; layers in files count as disk. Of other objects, such as
    tokenizers, only the object itself counts.
    """
    parts = [*_parts(value, set())]
    return Taken(sum(part.memory for part in parts), sum(part.disk for part in parts))


def _parts(value: Any, seen: set[tuple[str, int]]) -> Iterator[Taken]:
    """The bytes of each part that was not seen before."""
    if isinstance(value, Tensor):
        storage = value.untyped_storage()
        if _is_new(("storage", storage.data_ptr()), seen):
            yield Taken(storage.nbytes(), 0)
        return
    if not _is_new(("object", id(value)), seen):
        return
    if isinstance(value, FileLayers):
        yield Taken(0, value.bytes)
    elif isinstance(value, np.ndarray):
        yield Taken(value.nbytes, 0)
    else:
        yield Taken(sys.getsizeof(value), 0)
        for part in _inside(value):
            yield from _parts(part, seen)


def _inside(value: Any) -> Iterator[Any]:
    """What a value is made of."""
    if isinstance(value, nn.Module):
        return chain(value.parameters(), value.buffers())
    if is_dataclass(value) and not isinstance(value, type):
        return iter(vars(value).values())
    if isinstance(value, Mapping):
        return chain(value.keys(), value.values())
    if isinstance(value, Collection) and not isinstance(value, str | bytes):
        return iter(value)
    return iter(())


def _is_new(key: tuple[str, int], seen: set[tuple[str, int]]) -> bool:
    is_new = key not in seen
    seen.add(key)
    return is_new
