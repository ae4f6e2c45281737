"""`in_threads`: machine code in the very threads in which torch computes, and how it is told of arrays."""

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch

# What numba compiled for several threads: takes how many pieces there are, most threads, and what it is given.
Run = Callable[[int, int, Sequence[int]], None]
_Parallel = Callable[[int, int, int, int], None]


def in_threads(address: int, data: int, most: int) -> None:
    """Call a function of C, `void (*)(void *data)`, in each of torch's threads; they share the work out themselves.

    Threads of our own would share the cores with those of torch, which after every operation wait for the next one by
    turning in a loop. Where torch has no OpenMP of GCC, it is called once, in the calling thread.

    Args:
        address: of the function, which needs no lock of Python.
        data: the address of what it is given.
        most: threads that it can use.
    """
    threads = min(most, torch.get_num_threads())
    run = _parallel() if threads > 1 else None
    if run is None:
        _BODY(address)(data)
    else:
        run(address, data, threads, 0)


_BODY = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@cache
def _parallel() -> _Parallel | None:
    """What GCC makes of `#pragma omp parallel`, of the library that torch brings along; None where it has none."""
    for library in sorted((Path(torch.__file__).parent / "lib").glob("libgomp*.so*")):
        run = getattr(ctypes.CDLL(str(library)), "GOMP_parallel", None)
        if run is not None:
            run.argtypes, run.restype = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint), None
            found: _Parallel = run
            return found
    return None


def words_of(*arrays: np.ndarray) -> tuple[int, ...]:
    """The words of arrays, whoever passes them keeps these until they were read.

    Raises:
        ValueError: one does not lie in memory row after row.
    """
    if not all(array.flags.c_contiguous for array in arrays):
        raise ValueError("a kernel reads arrays by their address: each must lie in memory row after row")
    sizes = [(array.ctypes.data, *(1,) * (3 - array.ndim), *array.shape) for array in arrays]
    return tuple(word for size in sizes for word in size)
