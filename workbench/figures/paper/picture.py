"""Cells as a picture inside the figure, of so many pixels that a viewer which smooths pictures leaves cells sharp."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

_SIDE = 300  # pixels, at least, on either side; whole multiples of a cell, which compress to almost nothing


def show(axes: Axes, cells: np.ndarray, extent: tuple[float, float, float, float]) -> None:
    """Put `cells`, uint8 [rows, columns, 3], on the axes; `extent` is left, right, bottom and top."""
    for axis in (0, 1):
        cells = np.repeat(cells, -(-_SIDE // cells.shape[axis]), axis)
    axes.imshow(cells, extent=extent, aspect="auto", interpolation="none")
