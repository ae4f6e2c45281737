"""What numba compiles for several threads: each takes the next piece until none is left, without the lock of Python.

Of the extra `fast`; imported by kernels only. Numba's cache looks at the file of a kernel: save these again after a
change here.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, cfunc, types
from numba.core import cgutils
from numba.extending import intrinsic

from gemma2_workbench.compiled import part
from gemma2_workbench.threads import in_threads

# What the threads share: the number of the next piece, some numbers, and of each array its address and three sizes.
Words = Any  # in Python an address, for numba a pointer to int64
_MOST, _OF_ARRAY = 64, 4
Run = Callable[[int, Sequence[int], Sequence[np.ndarray], int], None]


def team(fastmath: frozenset[str]) -> Callable[[Callable[[Words], None]], Run]:
    """Mark what a thread does; call it with how many pieces there are, numbers, C-contiguous arrays, and most threads.

    It is kept in numba's cache where there is a folder for it.

    Args:
        fastmath: what numba may do with sums, as of its option.
    """
    options = {"nopython": True, "fastmath": set(fastmath), "error_model": "numpy"}

    def compiled(function: Callable[[Words], None]) -> Run:
        signature = types.void(types.CPointer(types.int64))
        try:
            native = cfunc(signature, cache=True, **options)(function)
        except RuntimeError:  # no folder to keep the machine code in
            native = cfunc(signature, **options)(function)

        def run(pieces: int, numbers: Sequence[int], arrays: Sequence[np.ndarray], threads: int) -> None:
            words = np.zeros(_MOST, np.int64)
            if not all(array.flags.c_contiguous for array in arrays):
                raise ValueError("a kernel reads arrays by their address: each must lie in memory row after row")
            sizes = [(array.ctypes.data, *(1,) * (3 - array.ndim), *array.shape) for array in arrays]
            given = [*numbers, *(word for size in sizes for word in size)]
            words[1 : 1 + len(given)] = given
            in_threads(native.address, words.ctypes.data, min(pieces, threads))

        return run

    return compiled


@intrinsic
def _at(_typing: Any, address: Any) -> Any:
    """The memory at an address."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@intrinsic
def next_piece(_typing: Any, words: Any) -> Any:
    """The number of a piece that no other thread takes: 0, 1, ... without end."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", args[0], ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(types.CPointer(types.int64)), generate


@part(True)
def array(words: Words, at: int, dtype: Any) -> Any:
    """The array whose words begin at `at`, with three dimensions."""
    return carray(_at(words[at]), (words[at + 1], words[at + 2], words[at + 3]), dtype)
