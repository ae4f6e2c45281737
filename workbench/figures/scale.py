"""How numbers become colours: the range, its kind and the quantity's name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from gemma2_workbench.figures import checks
from gemma2_workbench.figures.ticks import power_ticks, round_ticks

Kind = Literal["sequential", "diverging", "categorical"]


@dataclass(frozen=True)
class Scale:
    """A colour scale from `low` to `high`; values beyond an end take the colour of that end.

    Attributes:
        kind: "sequential" (light to dark), "diverging" (two hues around zero) or "categorical" (whole
            numbers from `low` to `high`, one colour each).
        low, high: ends in the unit of the values. Diverging scales have `low == -high`, so that zero is neutral.
        label: the quantity with its unit, as the colour bar names it.
        power: the colour is proportional to value**power; 0.5 makes small attention weights visible. Sequential only.
        names: categorical only: one name per category; without names the numbers are shown.

    Raises:
        ValueError: for an unknown kind, ends that are not finite or not in order, and the rules above.
    """

    kind: Kind
    low: float
    high: float
    label: str
    power: float = 1.0
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the ends against the kind."""
        checks.one_of("Scale", "kind", self.kind, ("sequential", "diverging", "categorical"))
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise ValueError(f"Scale needs finite ends; got low={self.low}, high={self.high}")
        if self.kind == "categorical":
            self._check_categories()
        elif self.low >= self.high:
            raise ValueError(f"Scale needs low < high; got low={self.low}, high={self.high}; see Scale.of")
        elif self.kind == "diverging" and self.low != -self.high:
            raise ValueError(f"A diverging Scale needs low == -high; got {self.low}, {self.high}; see Scale.of")
        if not 0 < self.power <= 1 or (self.power != 1 and self.kind != "sequential"):
            raise ValueError(f"Scale.power must be in (0, 1], and 1 unless sequential; got {self.power}")

    def _check_categories(self) -> None:
        if self.low % 1 or self.high % 1 or self.low > self.high:
            raise ValueError(f"A categorical Scale has whole ends, low <= high; got {self.low}, {self.high}")
        if self.names:
            labels = checks.names("Scale", "names", self.names, self.categories)
            object.__setattr__(self, "names", labels)

    @classmethod
    def of(cls, values: object, label: str, kind: Kind = "sequential", power: float = 1.0) -> Self:
        """The scale that just holds `values` (any shape, NaN ignored); never empty, diverging ones symmetric."""
        array = np.asarray(values, dtype=np.float64)
        finite = array[np.isfinite(array)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        if kind == "diverging":
            high = max(abs(low), abs(high)) or 1.0
            low = -high
        elif kind == "sequential" and low == high:
            # A constant map still needs a range; one unit, down to zero where that is near.
            low, high = (0.0, high) if 0 < high <= 1 else (low, low + 1.0)
        return cls(kind, low, high, label, power)

    @property
    def categories(self) -> int:
        """How many categories a categorical scale has."""
        return int(self.high - self.low) + 1

    def category(self, code: int) -> str:
        """The name of one category, counted from 0 at `low`."""
        return self.names[code] if self.names else str(int(self.low) + code)

    def position(self, values: np.ndarray) -> np.ndarray:
        """Where values lie on the colour scale: 0 at `low`, 1 at `high`, after the power; NaN stays NaN."""
        if self.kind == "categorical":
            return np.clip(np.round(values), self.low, self.high) - self.low
        return np.clip((values - self.low) / (self.high - self.low), 0.0, 1.0) ** self.power

    def ticks(self) -> np.ndarray:
        """The numbers a colour bar shows."""
        if self.power != 1:
            return power_ticks(self.low, self.high, self.power)
        return round_ticks(self.low, self.high)
