"""Horizontal bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gemma2_workbench.figures import checks
from gemma2_workbench.figures.checks import freeze


@dataclass(frozen=True, eq=False)
class Bars:
    """Horizontal bars, first name on top. `label` names the quantity with its unit; values are [n].

    Attributes:
        low, high: ends of the interval of each value, [n], NaN where it has none; or None.
    """

    names: tuple[str, ...]
    values: np.ndarray
    label: str
    title: str = ""
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check that every bar has a name."""
        values = checks.numbers("Bars", "values", self.values, 1)
        freeze(self, values=values, names=checks.names("Bars", "names", self.names, values.size))
        if self.low is None and self.high is None:
            return
        low, high = (checks.numbers("Bars", name, getattr(self, name), 1) for name in ("low", "high"))
        if not low.shape == high.shape == values.shape:
            raise ValueError(f"Bars.low and Bars.high must hold {values.size} numbers; got {low.size} and {high.size}")
        if (low > values).any() or (high < values).any():
            raise ValueError("Bars.low and Bars.high must hold the values between them")
        freeze(self, low=low, high=high)
