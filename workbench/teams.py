"""What numba compiles for several threads: each takes the next piece until none is left, without the lock of Python.

Of the extra `fast`; imported by kernels only. Numba's cache looks at the file of a kernel: save these again after a
change here.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import cfunc, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.numpy_support import carray

from gemma2_workbench.compiled import part
from gemma2_workbench.threads import Run, in_threads

# What the threads share: the number of the next piece, some numbers, and of each array its address and three sizes.
Words = Any  # in Python their address, for numba a pointer to int64


def team(fastmath: frozenset[str]) -> Callable[[Callable[[Words], None]], Run]:
    """Mark what a thread does; to be called with how many pieces there are, most threads, and numbers and `words_of`.

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

        address: Any = native.address

        def run(pieces: int, threads: int, given: Sequence[int]) -> None:
            words = np.array((0, *given), np.int64)
            in_threads(address, words.ctypes.data, min(pieces, threads))

        return run

    return compiled


def _memory(_typing: Any, address: Any) -> Any:
    """The memory at an address."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


def _counted(_typing: Any, words: Any) -> Any:
    """The first of the words, which is one more afterwards: no two threads get the same."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", args[0], ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(types.CPointer(types.int64)), generate


# By what numba calls a generator of code: it has another signature than what it generates.
_at: Any = intrinsic(_memory)
# The number of a piece that no other thread takes: 0, 1, ... without end.
next_piece: Any = intrinsic(_counted)


@part(True)
def array(words: Words, at: int, dtype: Any) -> Any:
    """The array whose words begin at `at`, with three dimensions."""
    return carray(_at(words[at]), (words[at + 1], words[at + 2], words[at + 3]), dtype)
