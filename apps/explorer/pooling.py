"""Maps made smaller without losing what stands out: f x f cells become the most extreme one."""

from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

C = TypeVar("C", np.float32, np.uint8)
# Values (NaN where there is none) and reasons of some queries and keys.
Cells: TypeAlias = Callable[[range, range], tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]]
# Cells read from a trace at once: 16 MB of float32, so that a map of any length fits in memory.
BLOCK_CELLS = 4 * 1024 * 1024


@runtime_checkable
class Pooling(Protocol):
    """Cells that know how to become fewer."""

    def pooled(self, rows: range, keys: range, factor: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        """As of `pooled_map`."""
        ...


def pooled_map(
    cells: Cells, rows: range, keys: range, factor: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Values and reasons of a range, each `factor` x `factor` square as one cell.

    Returns:
        values [ceil(Q / factor), ceil(S / factor)] float32, NaN where no cell has a value, and
        reasons of the same shape, 0 where at least one cell is visible.
    """
    if factor > 1 and isinstance(cells, Pooling):
        return cells.pooled(rows, keys, factor)
    block = max(factor, BLOCK_CELLS // len(keys) // factor * factor)
    values, reasons = [], []
    for start in range(rows.start, rows.stop, block):
        part = range(start, min(start + block, rows.stop))
        value_QS, reason_QS = cells(part, keys)
        if factor > 1:
            value_QS, reason_QS = _squares_extreme(value_QS, factor), _squares_least(reason_QS, factor)
        values.append(value_QS)
        reasons.append(reason_QS)
    return np.concatenate(values), np.concatenate(reasons)


def pool_extreme(
    value_QS: npt.NDArray[np.float32], row_starts: npt.NDArray[np.intp], key_starts: npt.NDArray[np.intp]
) -> npt.NDArray[np.float32]:
    """The value of largest magnitude in each rectangle that starts at the given rows and keys.

    Magnitude, not maximum: a strongly negative logit stands out as much as a positive one. NaN
    cells do not count; a rectangle of nothing but NaN is NaN.
    """
    high = np.fmax.reduceat(np.fmax.reduceat(value_QS, row_starts, axis=0), key_starts, axis=1)
    low = np.fmin.reduceat(np.fmin.reduceat(value_QS, row_starts, axis=0), key_starts, axis=1)
    return np.where(-low > high, low, high)


def pool_least(
    reason_QS: npt.NDArray[np.uint8], row_starts: npt.NDArray[np.intp], key_starts: npt.NDArray[np.intp]
) -> npt.NDArray[np.uint8]:
    """The least reason in each rectangle: 0 (visible) wins over every reason to be hidden."""
    return np.minimum.reduceat(np.minimum.reduceat(reason_QS, row_starts, axis=0), key_starts, axis=1)


def _squares_extreme(value_QS: npt.NDArray[np.float32], factor: int) -> npt.NDArray[np.float32]:
    """`pool_extreme` of squares of `factor` cells a side; several times as fast."""
    high, low = (_squares(value_QS, factor, np.float32(np.nan), join) for join in (np.fmax, np.fmin))
    return np.where(-low > high, low, high)


def _squares_least(reason_QS: npt.NDArray[np.uint8], factor: int) -> npt.NDArray[np.uint8]:
    """`pool_least` of squares of `factor` cells a side; several times as fast."""
    return _squares(reason_QS, factor, np.uint8(255), np.minimum)


def _squares(cell_QS: npt.NDArray[C], factor: int, nothing: C, join: np.ufunc) -> npt.NDArray[C]:
    """Squares of cells joined into one each, rows first; the last ones are filled up with `nothing`."""
    Q, S = (-(-size // factor) * factor for size in cell_QS.shape)
    if cell_QS.shape != (Q, S):
        missing = [(0, whole - size) for whole, size in zip((Q, S), cell_QS.shape, strict=True)]
        cell_QS = np.pad(cell_QS, missing, constant_values=nothing)
    rows_kS = join.reduce(cell_QS.reshape(Q // factor, factor, S), axis=1)
    return join.reduce(rows_kS.reshape(Q // factor, S // factor, factor), axis=2)
