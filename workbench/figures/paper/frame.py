"""Frames: how much room a panel needs around its plot, and how large the plot becomes."""

from __future__ import annotations

from dataclasses import dataclass

from gemma2_workbench.figures.paper.sheet import Box


@dataclass(frozen=True)
class Frame:
    """Inches left of, right of and below a plot of `width` x `height` inches."""

    left: float
    right: float
    below: float
    width: float
    height: float

    def box(self, left: float, top: float, room: float) -> Box:
        """The plot's place when the panel starts at (left, top) and is `room` inches wide; narrow plots are centred."""
        slack = max(room - self.left - self.width - self.right, 0.0)
        return Box(left + self.left + slack / 2, top, self.width, self.height)
