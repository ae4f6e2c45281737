"""The numbers and the name below a plot on paper."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.sheet import Box, Sheet
from gemma2_workbench.figures.ticks import round_ticks, tick_text

AROUND = 0.2  # inches that the name of the x axis may be wider than the plot
Ticks = Callable[[float, float, int], np.ndarray]


def x_ticks(low: float, high: float, width: float, faces: Faces, ticks: Ticks = round_ticks) -> np.ndarray:
    """As many round numbers as stand side by side on `width` inches."""
    for count in (5, 4, 3):
        found = ticks(low, high, count)
        if sum(faces.width(tick_text(tick), faces.sizes.tick) + 0.08 for tick in found) <= width:
            return found
    return ticks(low, high, 2)


def below(label: str, faces: Faces, width: float) -> float:
    """Inches that the numbers and the name take below a plot of this width."""
    return faces.sizes.tick_line + 0.02 + faces.sizes.line * len(faces.axis_name(label, width + AROUND))


def name_x(label: str, sheet: Sheet, box: Box) -> None:
    """Write the name, in as many lines as it takes."""
    down = sheet.sizes.tick_line + 0.02 + 1.08 * sheet.sizes.label / 72
    for i, words in enumerate(sheet.faces.axis_name(label, box.width + AROUND)):
        sheet.text(box.left + box.width / 2, box.bottom + down + i * sheet.sizes.line, words, ha="center")
