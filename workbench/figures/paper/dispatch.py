"""Which module draws which kind of specification on paper."""

from __future__ import annotations

from gemma2_workbench.figures.paper import bars, curves, head_grid, token_grid, token_links, token_map, token_strip
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import Box, Frame, Sheet
from gemma2_workbench.figures.spec import (
    Bars,
    Curve,
    HeadGrid,
    Histogram,
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
            return token_map.frame(spec, faces, width, with_bar=with_bar, squeeze=squeeze)
        case TokenLinks():
            return token_links.frame(spec, faces, width)
        case TokenGrid():
            return token_grid.frame(spec, faces, width, with_bar)
        case HeadGrid():
            return head_grid.frame(spec, faces, width, with_bar, squeeze)
        case TokenStrip():
            return token_strip.frame(spec, faces, width, with_bar)
        case Bars():
            return bars.frame(spec, faces, width)
        case Curve() | Scatter() | Histogram():
            return curves.frame(spec, faces, width, squeeze)


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
            token_map.draw(spec, sheet, box, with_bar, outer, named)
        case TokenLinks():
            token_links.draw(spec, sheet, box)
        case TokenGrid():
            token_grid.draw(spec, sheet, box, with_bar)
        case HeadGrid():
            head_grid.draw(spec, sheet, box, with_bar)
        case TokenStrip():
            token_strip.draw(spec, sheet, box, with_bar)
        case Bars():
            bars.draw(spec, sheet, box)
        case Curve() | Scatter() | Histogram():
            curves.draw(spec, sheet, box)


def keys_of(spec: Panel) -> list[Key]:
    """The legend entries of `spec`."""
    match spec:
        case TokenMap():
            return token_map.keys(spec)
        case TokenLinks():
            return token_links.keys(spec)
        case TokenGrid():
            return token_grid.keys(spec)
        case HeadGrid():
            return head_grid.keys(spec)
        case TokenStrip():
            return token_strip.keys(spec)
        case Bars():
            return []
        case Curve() | Scatter() | Histogram():
            return curves.keys(spec)
