"""A legend below the plots: one row of signs and words, wrapped to the width of the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.sheet import REFERENCE, Box, Sheet

_SIGN, _GAP = 0.18, 0.14  # inches: width of a sign, and from one entry to the next


@dataclass(frozen=True)
class Key:
    """One entry: a box with a fill and a hatch, a line with a dash and `thick` points, or a matplotlib marker (`sign`).

    Boxes take a `letter`.
    """

    name: str
    colour: str
    hatch: str = ""
    edge: str = REFERENCE
    dash: str = ""
    letter: str = ""
    thick: float = 1.2
    sign: str = ""


def rows(keys: Iterable[Key], width: float, faces: Faces) -> list[list[tuple[float, Key]]]:
    """The entries row by row with their distance from the left edge in inches; equal entries once."""
    placed: list[list[tuple[float, Key]]] = []
    x = width
    for key in dict.fromkeys(keys):
        wide = _SIGN + 0.05 + faces.width(faces.printable(key.name), faces.sizes.tick)
        if x + wide > width:
            placed.append([])
            x = 0.0
        placed[-1].append((x, key))
        x += wide + _GAP
    return placed


def draw(placed: list[list[tuple[float, Key]]], sheet: Sheet, left: float, top: float) -> None:
    """Draw rows of entries whose upper left corner is at (left, top)."""
    sizes = sheet.sizes
    high = sizes.small_line * 0.7
    for number, row in enumerate(placed):
        middle = top + (number + 0.5) * sizes.line
        for x, key in row:
            start = left + x
            if key.sign:
                look = {"marker": key.sign, "markersize": 4, "markeredgewidth": 0, "ls": "none"}
                sheet.line([(start + _SIGN / 2, middle)], color=key.colour, **look)
            elif key.dash:
                sheet.line(
                    [(start, middle), (start + _SIGN, middle)], color=key.colour, ls=key.dash, linewidth=key.thick
                )
            else:
                box = Box(start, middle - high / 2, _SIGN, high)
                sheet.rectangle(box, facecolor=key.colour, hatch=key.hatch or None, edgecolor=key.edge)
            if key.letter:
                ink = colours.ink_on(colours.rgb(key.colour))
                sheet.text(
                    start + _SIGN / 2,
                    middle,
                    key.letter,
                    sizes.smallest,
                    color=ink,
                    ha="center",
                    va="center_baseline",
                )
            words = sheet.faces.printable(key.name)
            sheet.text(start + _SIGN + 0.05, middle, words, sizes.tick, va="center_baseline")
