"""`in_threads`: work in the very threads in which torch computes."""

import ctypes
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch

# A part of the work: from which piece to which.
Task = Callable[[int, int], None]
_BODY = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def in_threads(task: Task, pieces: int) -> None:
    """Do `task(first, stop)` for all of `pieces`, a part in each of torch's threads.

    Threads of our own would share the cores with those of torch, which after every operation wait for the next one by
    turning in a loop. Where torch has no OpenMP of GCC, everything is done in the calling thread.

    Args:
        task: gives up the lock of Python while it works.
        pieces: how many there are.
    """
    threads = min(pieces, torch.get_num_threads())
    run = _parallel() if threads > 1 else None
    if run is None:
        task(0, pieces)
        return
    edges = [pieces * number // threads for number in range(threads + 1)]
    # A thread may take several parts, where OpenMP has fewer threads to give.
    parts = iter(list(zip(edges, edges[1:], strict=False)))
    errors: list[BaseException] = []

    def body(_nothing: int | None) -> None:
        try:
            for first, stop in parts:
                task(first, stop)
        except BaseException as error:  # would be printed and lost
            errors.append(error)

    run(_BODY(body), None, threads, 0)
    if errors:
        raise errors[0]


@cache
def _parallel() -> Callable[..., None] | None:
    """What GCC makes of `#pragma omp parallel`, of the library that torch brings along; None where it has none."""
    for library in sorted((Path(torch.__file__).parent / "lib").glob("libgomp*.so*")):
        run = getattr(ctypes.CDLL(str(library)), "GOMP_parallel", None)
        if run is not None:
            run.argtypes, run.restype = (_BODY, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint), None
            found: Callable[..., None] = run
            return found
    return None
