"""One number per layer and head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gemma2_workbench.figures import checks
from gemma2_workbench.figures.checks import freeze
from gemma2_workbench.figures.scale import Scale


@dataclass(frozen=True, eq=False)
class HeadGrid:
    """One number per layer (rows, 0 on top) and query head (columns).

    Attributes:
        values: [L, N]; NaN where a head has no value.
        kinds: L names of kinds of layers, in Gemma 2 "local" and "global".
        group: query heads that share one key/value head; divides N.
        text: print the numbers in the cells.
    """

    values: np.ndarray
    kinds: tuple[str, ...]
    group: int
    scale: Scale
    title: str = ""
    text: bool = False

    def __post_init__(self) -> None:
        """Check shapes; ValueError says which field is wrong."""
        values = checks.numbers("HeadGrid", "values", self.values, 2)
        kinds = checks.names("HeadGrid", "kinds", self.kinds, values.shape[0])
        if self.group < 1 or values.shape[1] % self.group:
            raise ValueError(f"HeadGrid.group must divide the {values.shape[1]} heads; got {self.group}")
        freeze(self, values=values, kinds=kinds)
