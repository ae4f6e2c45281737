"""How many pixels of tick labels and colour bar a panel needs around its plot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gemma2_workbench.figures.spec import Bars, HeadGrid, Panel, TokenGrid, TokenLinks, TokenMap, TokenStrip

LONGEST = 24  # characters of a token or bar label on the screen
WIDE = 1000  # the width in pixels of a usual column; the browser stretches figures, so this is for proportions only
_CHARACTER = 6.6  # average width in pixels at 11 px type


@dataclass(frozen=True)
class Room:
    """Pixels to the left (tick labels, axis title), to the right (colour bar) and below (tick labels, axis title)."""

    left: int
    right: int
    bottom: int


def room(spec: Panel, width: float = WIDE) -> Room:
    """The room around a plot of `spec` that is `width` pixels wide, estimated from the length of its labels."""
    match spec:
        case TokenMap() | TokenGrid():
            longest = _pixels(spec.columns)
            below = 16 if longest < width / len(spec.columns) else longest
            return Room(_pixels(spec.rows) + 40, 90, below + 40)
        case TokenLinks():
            return Room(_pixels(spec.rows) + 40, _pixels(spec.columns) + 40, 40)
        case HeadGrid():
            return Room(64, 90, 66 if spec.group > 1 else 46)
        case Bars():
            return Room(_pixels(spec.names) + 16, 10, 46)
        case TokenStrip():
            return Room(8, 90, 8)
        case _:
            return Room(64, 10, 46)


def _pixels(labels: Iterable[str]) -> int:
    return round(_CHARACTER * min(max(map(len, labels)), LONGEST)) + 8
