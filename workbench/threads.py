"""`in_threads`: machine code in the very threads in which torch computes."""

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch

_Run = Callable[[int, int, int, int], None]


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
def _parallel() -> _Run | None:
    """What GCC makes of `#pragma omp parallel`, of the library that torch brings along; None where it has none."""
    for library in sorted((Path(torch.__file__).parent / "lib").glob("libgomp*.so*")):
        run = getattr(ctypes.CDLL(str(library)), "GOMP_parallel", None)
        if run is not None:
            run.argtypes, run.restype = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint), None
            found: _Run = run
            return found
    return None
