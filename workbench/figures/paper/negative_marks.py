"""Signs on diverging scales: a dash in cells below zero, because both ends of the scale print in the same grey."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import INK, THINNEST, Box
from gemma2_workbench.figures.scale import Scale

_PITCH = 3.0  # points from one dash to the next, at least: in finer maps only some cells carry one
_NEAR = 0.15  # of the scale's end: nearer to zero both colours are so light that a wrong sign misleads nobody
_WORDS = f"below zero by over {_NEAR:.0%} of the scale"


def below(scale: Scale, values: np.ndarray) -> np.ndarray:
    """Which values of a diverging scale are clearly below zero (same shape, bool); none on other scales."""
    if scale.kind != "diverging":
        return np.zeros(values.shape, bool)
    return np.nan_to_num(scale.position(np.asarray(values, np.float64)), nan=0.5) < 0.5 - _NEAR / 2


def keys(scale: Scale, values: np.ndarray) -> list[Key]:
    """The legend entry that explains the dash, if any value needs it."""
    colour = colours.hex_of(colours.lut("diverging")[48])
    return [Key(_WORDS, colour, letter="\N{MINUS SIGN}")] if below(scale, values).any() else []


def underlined(scale: Scale, values: np.ndarray) -> list[Key]:
    """The same for words, which are underlined."""
    return [Key(_WORDS, INK, dash="solid")] if below(scale, values).any() else []


def dash(
    axes: Axes, box: Box, scale: Scale, values: np.ndarray, corner: tuple[float, float], middle: float = 0.5
) -> None:
    """A dash in every cell of `values` [rows, columns] that is clearly below zero, black or white by contrast.

    `corner` is the place of the first cell's upper left corner on the axes, `middle` how far down a cell the dash lies.
    """
    rows, columns = values.shape
    low = below(scale, values)
    down = max(math.ceil(_PITCH * rows / (72 * box.height) - 1e-9), 1)
    across = max(math.ceil(_PITCH * columns / (72 * box.width) - 1e-9), 1)
    i, j = np.nonzero(low)
    kept = (i % down == 0) & (j % across == 0)
    i, j = i[kept], j[kept]
    inks = np.array([colours.ink_on(fill) for fill in colours.paint(scale, values[i, j])])
    y = corner[1] + i + middle
    lines = np.stack([np.stack([corner[0] + j + 0.37, y], -1), np.stack([corner[0] + j + 0.63, y], -1)], 1)
    for ink in np.unique(inks).tolist():
        axes.add_collection(LineCollection(list(lines[inks == ink]), colors=ink, linewidths=THINNEST))
