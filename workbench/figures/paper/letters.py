"""The letters of a figure: sizes of type, and the room that lines of type need."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Letters:
    """Sizes of type in points.

    Attributes:
        smallest: nothing is ever smaller; what does not fit at this size is thinned out or left away.
        tick: numbers and tokens along an axis, where there is room for it.
        label: names of axes, scales and panels.
        title: the title, if one is asked for.
        serif: Times-like letters (STIX) instead of DejaVu Sans.
    """

    smallest: float = 6.0
    tick: float = 7.0
    label: float = 8.0
    title: float = 9.0
    serif: bool = False

    def __post_init__(self) -> None:
        """Check the order of the sizes and the floor that no figure goes below; ValueError names them."""
        if not 6 <= self.smallest <= self.tick <= self.label <= self.title:
            raise ValueError(f"sizes of type must rise from 6 points: smallest, tick, label, title; got {self}")

    @property
    def line(self) -> float:
        """Inches from one line of labels to the next."""
        return 1.26 * self.label / 72

    @property
    def tick_line(self) -> float:
        """Inches that a line of numbers along an axis takes."""
        return 1.24 * self.tick / 72

    @property
    def small_line(self) -> float:
        """Inches that a line of the smallest type takes with a little air."""
        return 1.56 * self.smallest / 72
