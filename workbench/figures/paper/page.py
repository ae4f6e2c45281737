"""The page of a figure: its parts from top to bottom, measured before they are drawn: title, plots, legend."""

from __future__ import annotations

from dataclasses import dataclass

from gemma2_workbench.figures.paper import panels
from gemma2_workbench.figures.paper.dispatch import draw_panel, frame_of, keys_of
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.legend import draw as draw_legend
from gemma2_workbench.figures.paper.legend import rows as legend_rows
from gemma2_workbench.figures.paper.sheet import Sheet
from gemma2_workbench.figures.spec import FigureSpec, Panel, Panels

_MARGIN = 0.04  # inches around everything
_BOLD = 1.16  # how much wider than plain letters bold ones are, at most
_TITLE = 1.26  # lines of a title, in its size


@dataclass(frozen=True)
class Page:
    """Where everything goes on a page of `width` x `height` inches; `top` is that of the plots, `bottom` their end."""

    width: float
    height: float
    top: float
    bottom: float
    title: list[str]
    plan: panels.Layout
    legend: list[list[tuple[float, Key]]]


def measured(spec: FigureSpec, width: float, faces: Faces, title: bool, tallest: float) -> Page:
    """The page of `spec`; panels are made lower where they would stack higher than `tallest` inches and stay legible.

    `title` says whether the title is written, in as many lines as it takes.
    """
    inner = width - 2 * _MARGIN
    parts = spec.figures if isinstance(spec, Panels) else (spec,)
    legend = legend_rows([key for part in parts for key in keys_of(part)], inner, faces)
    size = faces.sizes.title
    lines = faces.wrap(spec.title, inner / _BOLD, size, strict=True) if title and spec.title else []
    top = _MARGIN + ((0.34 + _TITLE * len(lines)) * size / 72 if lines else 0.04)
    rest = faces.sizes.line * len(legend) + (0.06 if legend else 0.0)
    if isinstance(spec, Panels):
        plan = panels.layout(spec, faces, inner, tallest - top - rest - _MARGIN)
    else:
        plan = _alone(spec, faces, inner)
    bottom = top + plan.height
    return Page(width, round(bottom + rest + _MARGIN, 3), top, bottom, lines, plan, legend)


def _alone(spec: Panel, faces: Faces, inner: float) -> panels.Layout:
    """The layout of a single figure."""
    frame = frame_of(spec, faces, inner)
    return panels.Layout([frame.box(0, 0, inner)], [True], [(True, True)], [], frame.height + frame.below)


def drawn(spec: FigureSpec, page: Page, faces: Faces) -> Sheet:
    """`spec` on its page."""
    sheet = Sheet(page.width, page.height, faces)
    size = faces.sizes.title
    for i, words in enumerate(page.title):
        sheet.text(_MARGIN, _MARGIN + (0.96 + i * _TITLE) * size / 72, words, size, weight="bold")
    if isinstance(spec, Panels):
        panels.draw(spec, sheet, page.plan, _MARGIN, page.top)
    else:
        draw_panel(spec, sheet, page.plan.places[0].moved(_MARGIN, page.top))
    draw_legend(page.legend, sheet, _MARGIN, page.bottom + (0.06 if page.legend else 0.0))
    return sheet
