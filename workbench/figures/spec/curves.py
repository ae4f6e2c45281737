"""Lines and points over numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gemma2_workbench.figures import checks
from gemma2_workbench.figures.checks import freeze


@dataclass(frozen=True, eq=False)
class Series:
    """One named line: x and y are [n]; a NaN in y is a gap."""

    name: str
    x: np.ndarray
    y: np.ndarray

    def __post_init__(self) -> None:
        """Check that x and y are of one length."""
        x, y = (checks.numbers("Series", f, getattr(self, f), 1) for f in "xy")
        if x.shape != y.shape:
            raise ValueError(f"Series x and y must have one length; got {x.size} and {y.size}")
        freeze(self, x=x, y=y)


@dataclass(frozen=True)
class Guide:
    """A dashed line across the plot where `axis` ("x" or "y") equals `at`, with a short label."""

    axis: Literal["x", "y"]
    at: float
    label: str

    def __post_init__(self) -> None:
        """Check the axis and that the place is a finite number."""
        checks.one_of("Guide", "axis", self.axis, ("x", "y"))
        if not np.isfinite(self.at):
            raise ValueError(f"Guide.at must be a finite number; got {self.at}")


@dataclass(frozen=True)
class Curve:
    """Lines over a common x axis, with optional guides.

    Attributes:
        logarithmic: whether both axes are: growth as T or T^2 is then a straight line. It takes numbers above 0
            and no guides.
    """

    series: tuple[Series, ...]
    x_label: str
    y_label: str
    title: str = ""
    guides: tuple[Guide, ...] = ()
    logarithmic: bool = False

    def __post_init__(self) -> None:
        """At least one series; only numbers that its axes can show."""
        freeze(self, series=tuple(self.series), guides=tuple(self.guides))
        if not self.series:
            raise ValueError("Curve.series must hold at least one Series; got none")
        values = [part for one in self.series for part in (one.x, one.y)]
        if self.logarithmic and (self.guides or any((value <= 0).any() for value in values)):
            raise ValueError("Curve.logarithmic takes numbers above 0 and no guides; leave the others out")


@dataclass(frozen=True, eq=False)
class Scatter:
    """Points, and a reference curve if there is one (raw logits on c*tanh(x/c), say).

    Attributes:
        x, y: [n]. A point with a NaN coordinate is not drawn.
        labels: n strings or empty; the screen shows them under the pointer, paper prints up to twelve.
        named: which of more points paper names; none by default.
        groups: n names of groups, or empty; each has its sign and its entry in the legend.
        size: [n] numbers from 0 or None; the area of a dot grows with it.
    """

    x: np.ndarray
    y: np.ndarray
    x_label: str
    y_label: str
    labels: tuple[str, ...] = ()
    size: np.ndarray | None = None
    curve: Series | None = None
    title: str = ""
    guides: tuple[Guide, ...] = ()
    groups: tuple[str, ...] = ()
    named: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check that every field has one entry per point."""
        x, y = (checks.numbers("Scatter", f, getattr(self, f), 1) for f in "xy")
        labels = checks.names("Scatter", "labels", self.labels, x.size) if self.labels else ()
        if x.shape != y.shape:
            raise ValueError(f"Scatter x and y must have one length; got {x.size} and {y.size}")
        groups = checks.names("Scatter", "groups", self.groups, x.size) if self.groups else ()
        if any(not 0 <= at < len(labels) for at in self.named):
            raise ValueError(f"Scatter.named must be places among the {len(labels)} labels; got {self.named}")
        freeze(self, x=x, y=y, labels=labels, guides=tuple(self.guides), groups=groups, named=tuple(self.named))
        if self.size is not None:
            size = checks.numbers("Scatter", "size", self.size, 1)
            if size.shape != x.shape or not (size >= 0).all():
                raise ValueError(f"Scatter.size must be {x.size} numbers from 0; got {size.size}")
            freeze(self, size=size)

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """Which points each group has, in the order in which they come; one group without a name for all of them."""
        if not self.groups:
            return {"": np.arange(self.x.size)}
        groups = np.asarray(self.groups, dtype=object)
        return {name: np.flatnonzero(groups == name) for name in dict.fromkeys(self.groups)}
