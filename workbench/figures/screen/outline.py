"""The frame of one cell of a grid on the screen."""

from __future__ import annotations

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.screen.slot import Slot
from gemma2_workbench.figures.screen.traces import scatter


def outline(row: int, column: int, slot: Slot) -> None:
    """A line on a wider one in the page's colour shows on any colour."""
    look = colours.theme(slot.dark)
    loop = {
        "x": np.array([column - 0.5, column + 0.5, column + 0.5, column - 0.5, column - 0.5]),
        "y": np.array([row - 0.5, row - 0.5, row + 0.5, row + 0.5, row - 0.5]),
    }
    for colour, width in ((look.page, 5), (look.ink, 2)):
        slot.add(scatter(**loop, mode="lines", line={"width": width, "color": colour}, hoverinfo="skip"))
