"""How often a number takes which value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gemma2_workbench.figures import checks
from gemma2_workbench.figures.checks import freeze
from gemma2_workbench.figures.spec.curves import Guide


@dataclass(frozen=True, eq=False)
class Histogram:
    """Columns that touch, each over its bin.

    Attributes:
        edges: of the bins, ascending, [n + 1].
        values: [n] from 0: how much lies in each bin.
        x_label, y_label: the number with its unit, and what the heights are.
        guides: of the axis "x" alone.
        logarithmic: whether the x axis is; it takes edges above 0.
    """

    edges: np.ndarray
    values: np.ndarray
    x_label: str
    y_label: str
    title: str = ""
    guides: tuple[Guide, ...] = ()
    logarithmic: bool = False

    def __post_init__(self) -> None:
        """Check shapes and the order of the edges; ValueError says which field is wrong."""
        edges, values = (checks.numbers("Histogram", name, getattr(self, name), 1) for name in ("edges", "values"))
        if edges.size != values.size + 1 or not (np.diff(edges) > 0).all():
            raise ValueError(f"Histogram.edges must be {values.size + 1} ascending numbers; got {edges.size}")
        if not (values >= 0).all():
            raise ValueError("Histogram.values must be numbers from 0")
        if self.logarithmic and edges[0] <= 0:
            raise ValueError(f"Histogram.logarithmic takes edges above 0; got {edges[0]:g}")
        guides = tuple(self.guides)
        if any(guide.axis != "x" for guide in guides):
            raise ValueError("Histogram.guides must be of the axis x")
        freeze(self, edges=edges, values=values, guides=guides)
