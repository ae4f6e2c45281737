"""What numba compiles (extra `fast`): kernels, and the parts that they are made of."""

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import TypeVar

Kernel = TypeVar("Kernel", bound=Callable[..., object])

# Nothing here holds the lock of Python; a division by zero gives infinity, as in numpy.
_OPTIONS = {"nogil": True, "error_model": "numpy"}


def part(fastmath: bool | frozenset[str]) -> Callable[[Kernel], Kernel]:
    """Mark a part of a kernel, inlined before that is compiled.

    Else it would be optimised alone and within; a process that compiles would take one of the two codes, one that finds
    them in the cache the other: they add up in other orders, and a text would not have the same bytes in both.

    Args:
        fastmath: what numba may do with sums, as of its option.
    """
    return lambda function: import_module("numba").njit(function, inline="always", fastmath=_of(fastmath), **_OPTIONS)


def kernel(fastmath: bool | frozenset[str]) -> Callable[[Kernel], Kernel]:
    """Mark what is compiled as one piece, kept in numba's cache where there is a folder for it; see `part`."""

    def compiled(function: Kernel) -> Kernel:
        njit = import_module("numba").njit
        try:
            return njit(function, cache=True, fastmath=_of(fastmath), **_OPTIONS)
        except RuntimeError:  # no folder to keep the machine code in
            return njit(function, fastmath=_of(fastmath), **_OPTIONS)

    return compiled


def compiles(module: str, trial: Callable[[], object]) -> bool:
    """Whether a kernel can be used: not without numba; and one that cannot compile it is told of.

    Args:
        module: that holds the kernel.
        trial: runs it once on something small.
    """
    try:
        import_module(module)
    except ImportError:
        return False
    try:
        trial()
    except Exception as error:  # whatever a compiler fails with, torch's way gives the same numbers
        warnings.warn(f"numba cannot compile the fast pass ({error}); torch takes its place, slower", stacklevel=3)
        return False
    return True


def _of(fastmath: bool | frozenset[str]) -> bool | set[str]:
    return fastmath if isinstance(fastmath, bool) else set(fastmath)
