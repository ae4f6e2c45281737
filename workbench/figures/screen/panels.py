"""Several panels in one plotly figure, in rows of equal slots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gemma2_workbench.figures.screen import token_strip
from gemma2_workbench.figures.screen.room import WIDE, room
from gemma2_workbench.figures.screen.slot import FigureDict, Slot
from gemma2_workbench.figures.spec import Panel, Panels, TokenStrip
from gemma2_workbench.figures.text import one_line

_TITLE = 26  # pixels above each row for the panels' titles


def draw(spec: Panels, figure: FigureDict, dark: bool, draw_one: Callable[[Panel, Slot], int]) -> int:
    """Draw every panel under its letter and title and return the height of the figure in pixels, without margins.

    A scale that all panels share has one colour bar, beside the first row. Maps of the same tokens zoom together and
    show their labels at the outer edge only.
    """
    columns = min(spec.columns, len(spec.figures))
    rows = -(-len(spec.figures) // columns)
    linked, shared = spec.shared_tokens() is not None, spec.shared_scale() is not None
    layout = _layout(spec, rows, columns, linked, shared)
    for i, panel in enumerate(spec.figures):
        row, column = divmod(i, columns)
        last = i + columns >= len(spec.figures)
        slot = Slot(
            figure,
            i + 1,
            layout.x[column],
            layout.y[row],
            layout.pixels,
            dark,
            bar=not shared or i == columns - 1,
            outer=(not linked or last, not linked or column == 0),
            linked=linked,
        )
        draw_one(panel, slot)
        place = {"xref": "paper", "yref": "paper", "x": slot.x[0], "y": slot.y[1], "xanchor": "left"}
        figure.note(one_line(f"{spec.letter(i)} {panel.title}".strip(), 48), 13, **place, yanchor="bottom")
    figure.layout["margin"]["t"] += _TITLE - 6
    return layout.height


@dataclass(frozen=True)
class _Layout:
    """The share of the figure of each column and row, and the height of all rows with their labels in pixels."""

    x: list[tuple[float, float]]
    y: list[tuple[float, float]]
    pixels: tuple[int, int]  # of one slot
    height: int


def _layout(spec: Panels, rows: int, columns: int, linked: bool, shared: bool) -> _Layout:
    """Equal slots with room for labels between them, measured in pixels of a usual column."""
    rooms = [room(panel) for panel in spec.figures]
    side = 16 if linked else max(r.left for r in rooms)
    across = side + (0 if shared else max(r.right for r in rooms))
    # Labels must not eat the plots: at least 60 % of the width is theirs.
    across = min(across, 0.4 * WIDE / max(columns - 1, 1))
    width = (WIDE - across * (columns - 1)) / columns
    strips = [panel for panel in spec.figures if isinstance(panel, TokenStrip)]
    lines_of_text = len(strips) == len(spec.figures)
    plot = max(map(token_strip.height, strips)) if lines_of_text else min(0.75 * width + 60, 400)
    below = max(room(panel, width).bottom for panel in spec.figures)
    down = _TITLE + (0 if linked else below)
    total = rows * plot + (rows - 1) * down
    x = [(c * (width + across) / WIDE, min((c * (width + across) + width) / WIDE, 1.0)) for c in range(columns)]
    tops = [1 - r * (plot + down) / total for r in range(rows)]
    y = [(max(top - plot / total, 0.0), top) for top in tops]
    return _Layout(x, y, (round(width), round(plot)), round(total + _TITLE + below))
