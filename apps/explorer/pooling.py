"""Maps made smaller without losing what stands out: f x f cells become the most extreme one."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

# Values (NaN where there is none) and reasons of some queries and keys.
Cells: TypeAlias = Callable[[range, range], tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]]
# Cells read from a trace at once: 16 MB of float32, so that a map of any length fits in memory.
BLOCK_CELLS = 4 * 1024 * 1024


def pooled_map(
    cells: Cells, rows: range, keys: range, factor: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:  # fmt: skip
    """Values and reasons of a range, each `factor` x `factor` square as one cell.

    Returns:
        values [ceil(Q / factor), ceil(S / factor)] float32, NaN where no cell has a value, and
        reasons of the same shape, 0 where at least one cell is visible.
    """
    block = max(factor, BLOCK_CELLS // len(keys) // factor * factor)
    values, reasons = [], []
    for start in range(rows.start, rows.stop, block):
        part = range(start, min(start + block, rows.stop))
        value_QS, reason_QS = cells(part, keys)
        if factor > 1:
            starts = np.arange(0, len(part), factor), np.arange(0, len(keys), factor)
            value_QS, reason_QS = pool_extreme(value_QS, *starts), pool_least(reason_QS, *starts)
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
