"""Which module draws which kind of specification on paper."""

from __future__ import annotations

from gemma2_workbench.figures.paper import grid, lines, links, maps, strip, words
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.frame import Frame
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import Box, Sheet
from gemma2_workbench.figures.spec import (
    Bars,
    Curve,
    HeadGrid,
    Panel,
    Scatter,
    TokenGrid,
    TokenLinks,
    TokenMap,
    TokenStrip,
)


def frame_of(spec: Panel, faces: Faces, width: float, with_bar: bool = True, squeeze: float = 1.0) -> Frame:
    """The room that `spec` needs, with its bar or without, and its plot's size when it may be `width` inches wide.

    Grids, maps and plots become lower by `squeeze` as far as they stay legible; lines of text do not.
    """
    match spec:
        case TokenMap():
            return maps.frame(spec, faces, width, with_bar=with_bar, squeeze=squeeze)
        case TokenLinks():
            return links.frame(spec, faces, width)
        case TokenGrid():
            return words.frame(spec, faces, width, with_bar)
        case HeadGrid():
            return grid.frame(spec, faces, width, with_bar, squeeze)
        case TokenStrip():
            return strip.frame(spec, faces, width, with_bar)
        case Curve() | Scatter() | Bars():
            return lines.frame(spec, faces, width, squeeze)


def draw_panel(
    spec: Panel,
    sheet: Sheet,
    box: Box,
    with_bar: bool = True,
    outer: tuple[bool, bool] = (True, True),
    named: bool = True,
) -> None:
    """Draw `spec` into `box`, with its bar or without; `outer` (x and y labels) and `named` (axes) are for maps."""
    match spec:
        case TokenMap():
            maps.draw(spec, sheet, box, with_bar, outer, named)
        case TokenLinks():
            links.draw(spec, sheet, box)
        case TokenGrid():
            words.draw(spec, sheet, box, with_bar)
        case HeadGrid():
            grid.draw(spec, sheet, box, with_bar)
        case TokenStrip():
            strip.draw(spec, sheet, box, with_bar)
        case Curve() | Scatter() | Bars():
            lines.draw(spec, sheet, box)


def keys_of(spec: Panel) -> list[Key]:
    """The legend entries of `spec`."""
    match spec:
        case TokenMap():
            return maps.keys(spec)
        case TokenLinks():
            return links.keys(spec)
        case TokenGrid():
            return words.keys(spec)
        case HeadGrid():
            return grid.keys(spec)
        case TokenStrip():
            return strip.keys(spec)
        case Curve() | Scatter() | Bars():
            return lines.keys(spec)
