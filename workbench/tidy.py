"""Arrays to long tables: the one place where an array with named axes becomes a DataFrame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def tidy(values: Mapping[str, np.ndarray], axes: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """A long table with one row per cell: one integer (or label) column per axis, then one column per array.

    Args:
        values: {column: array}, all of the shape that `axes` spells out.
        axes: {axis name: its labels}, in the order of the arrays' axes.

    Raises:
        ValueError: an array does not have the shape of the axes.
    """
    import pandas as pd

    shape = tuple(len(labels) for labels in axes.values())
    for name, array in values.items():
        if array.shape != shape:
            raise ValueError(f"{name} has shape {array.shape}, the axes {', '.join(axes)} ask for {shape}")
    grid = np.meshgrid(*(np.asarray(labels) for labels in axes.values()), indexing="ij")
    columns = {name: index.ravel() for name, index in zip(axes, grid, strict=True)}
    return pd.DataFrame({**columns, **{name: array.ravel() for name, array in values.items()}})
