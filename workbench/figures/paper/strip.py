"""Coloured text on paper: tokens in running lines, each on its colour, with a lying colour bar below."""

from __future__ import annotations

import numpy as np

from workbench.figures import colours
from workbench.figures.paper import bar
from workbench.figures.paper.fonts import Faces
from workbench.figures.paper.frame import Frame
from workbench.figures.paper.legend import Key
from workbench.figures.paper.sheet import LABEL, Box, Sheet
from workbench.figures.spec import TokenStrip

_PITCH, _HIGH = 0.2, 0.165  # inches: from line to line, height of a token's box
_PAD, _GAP = 0.03, 0.02  # inches: beside a token's text, between boxes


def frame(spec: TokenStrip, faces: Faces, width: float, with_bar: bool = True) -> Frame:
    """The room of all lines; a colour bar comes below, unless the scale is shown elsewhere or has categories."""
    lines = _flow(spec, faces, width)[-1][0] + 1
    below = bar.LYING if with_bar and spec.scale.kind != "categorical" else 0.02
    return Frame(0, 0, below, width, lines * _PITCH)


def draw(spec: TokenStrip, sheet: Sheet, box: Box, with_bar: bool = True) -> None:
    """Draw the text into `box`; tokens without a value have no colour."""
    fills = colours.paint(spec.scale, spec.values)
    for i, (line, x, wide, words) in enumerate(_flow(spec, sheet.faces, box.width)):
        place = Box(box.left + x, box.top + line * _PITCH, wide, _HIGH)
        known = np.isfinite(spec.values[i])
        if known:
            sheet.rectangle(place, facecolor=colours.hex_of(fills[i]))
        ink = colours.ink_on(fills[i]) if known else colours.LIGHT.ink
        centre = place.left + wide / 2
        sheet.text(centre, place.top + _HIGH / 2, words, color=ink, ha="center", va="center_baseline")
    if with_bar:
        bar.draw_lying(spec.scale, sheet, box.left, box.bottom, box.width)


def keys(spec: TokenStrip) -> list[Key]:
    """Legend entries: the categories, if the scale has some."""
    return bar.keys(spec.scale)


def _flow(spec: TokenStrip, faces: Faces, width: float) -> list[tuple[int, float, float, str]]:
    """Line, distance from the left edge and width in inches, and printable words of every token."""
    placed: list[tuple[int, float, float, str]] = []
    line, x = 0, 0.0
    for token in spec.tokens:
        words = faces.fit(token, width - 2 * _PAD, LABEL)
        wide = max(faces.width(words, LABEL), 0.04) + 2 * _PAD
        if x and x + wide > width:
            line, x = line + 1, 0.0
        placed.append((line, x, wide, words))
        x += wide + _GAP
    return placed
