"""Coloured text on paper: tokens in running lines, each on its colour, with a lying colour bar below."""

from __future__ import annotations

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper import colorbar, negative_marks
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import Box, Frame, Sheet
from gemma2_workbench.figures.spec import TokenStrip

_PITCH, _HIGH = 1.43, 1.18  # of a line of labels: from line to line, height of a token's box
_PAD, _GAP = 0.03, 0.02  # inches: beside a token's text, between boxes


def frame(spec: TokenStrip, faces: Faces, width: float, with_bar: bool = True) -> Frame:
    """The room of all lines; a colour bar comes below, unless the scale is shown elsewhere or has categories."""
    lines = _flow(spec, faces, width)[-1][0] + 1
    below = colorbar.lying(spec.scale, faces, width) if with_bar else 0.02
    return Frame(0, 0, below, width, lines * _PITCH * faces.sizes.line)


def draw(spec: TokenStrip, sheet: Sheet, box: Box, with_bar: bool = True) -> None:
    """Draw the text into `box`; tokens without a value have no colour."""
    fills = colours.paint(spec.scale, spec.values)
    low = negative_marks.below(spec.scale, spec.values)
    pitch, high = _PITCH * sheet.sizes.line, _HIGH * sheet.sizes.line
    for i, (line, x, wide, words) in enumerate(_flow(spec, sheet.faces, box.width)):
        place = Box(box.left + x, box.top + line * pitch, wide, high)
        known = np.isfinite(spec.values[i])
        if known:
            sheet.rectangle(place, facecolor=colours.hex_of(fills[i]))
        ink = colours.ink_on(fills[i]) if known else colours.LIGHT.ink
        if i == spec.mark:
            for colour, wide_line in ((colours.LIGHT.page, 1.8), (colours.LIGHT.ink, 0.8)):
                sheet.rectangle(place, facecolor="none", edgecolor=colour, linewidth=wide_line)
        if low[i]:
            under = place.bottom - 0.012
            sheet.line([(place.left + _PAD, under), (place.right - _PAD, under)], color=ink)
        centre = place.left + wide / 2
        sheet.text(centre, place.top + high / 2, words, color=ink, ha="center", va="center_baseline")
    if with_bar:
        colorbar.draw_lying(spec.scale, sheet, box.left, box.bottom, box.width)


def keys(spec: TokenStrip) -> list[Key]:
    """Legend entries: the categories, if the scale has some."""
    return colorbar.keys(spec.scale) + negative_marks.underlined(spec.scale, spec.values)


def _flow(spec: TokenStrip, faces: Faces, width: float) -> list[tuple[int, float, float, str]]:
    """Line, distance from the left edge and width in inches, and printable words of every token."""
    placed: list[tuple[int, float, float, str]] = []
    label = faces.sizes.label
    line, x = 0, 0.0
    for token in spec.tokens:
        words = faces.fit(token, width - 2 * _PAD, label)
        wide = max(faces.width(words, label), 0.04) + 2 * _PAD
        if x and x + wide > width:
            line, x = line + 1, 0.0
        placed.append((line, x, wide, words))
        x += wide + _GAP
    return placed
