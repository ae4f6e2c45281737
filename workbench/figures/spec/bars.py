"""Horizontal bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gemma2_workbench.figures import checks
from gemma2_workbench.figures.checks import freeze


@dataclass(frozen=True, eq=False)
class Bars:
    """Horizontal bars, first name on top. `label` names the quantity with its unit; values are [n]."""

    names: tuple[str, ...]
    values: np.ndarray
    label: str
    title: str = ""

    def __post_init__(self) -> None:
        """Check that every bar has a name."""
        values = checks.numbers("Bars", "values", self.values, 1)
        freeze(self, values=values, names=checks.names("Bars", "names", self.names, values.size))
