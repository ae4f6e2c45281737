"""Grids of words over tokens on the screen: a heatmap whose cells carry their word where it can be read."""

from __future__ import annotations

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.screen.room import LONGEST
from gemma2_workbench.figures.screen.slot import Slot
from gemma2_workbench.figures.screen.token_map import token_axis
from gemma2_workbench.figures.screen.traces import heatmap
from gemma2_workbench.figures.spec import TokenGrid
from gemma2_workbench.figures.text import for_plotly

_CHARACTER = 6.0  # average width in pixels at 10 px type
_SHORTEST = 3  # characters: a word cut down to fewer says nothing


def draw(spec: TokenGrid, slot: Slot) -> int:
    """Draw the grid; the pointer shows row, token, the whole word and the exact number."""
    rows, columns = spec.values.shape
    about = np.array([[for_plotly(word) for word in row] for row in spec.words], dtype=object)
    names = np.repeat([[for_plotly(row)] for row in spec.rows], columns, axis=1)
    shown = "%{customdata[0]}<br>position %{x:d} %{x}<br>" + for_plotly(spec.word) + " %{customdata[1]}<br>"
    slot.add(
        heatmap(
            z=spec.values,
            x0=spec.column_start,
            xgap=1,
            ygap=1,
            customdata=np.stack([names, about], axis=-1),
            hovertemplate=f"{shown}{for_plotly(spec.scale.label)}: %{{z:.6g}}<extra></extra>",
            **slot.colour(spec.scale),
        )
    )
    longest = int(slot.pixels[0] / columns / _CHARACTER)
    if longest >= _SHORTEST:
        y, x = np.indices(spec.values.shape).reshape(2, -1)
        words = np.array([for_plotly(word, min(longest, LONGEST)) for row in spec.words for word in row])
        fills = colours.paint(spec.scale, spec.values.ravel(), slot.dark)
        slot.write(x + spec.column_start, y, words, fills, size=10)
    slot.axes(
        {
            **token_axis(spec.columns, spec.column_start, slot.pixels[0], spec.x_label),
            "autotickangles": [0, -90],
            "range": [spec.column_start - 0.5, spec.column_start + columns - 0.5],
        },
        {
            "tickvals": list(range(rows)),
            "ticktext": [for_plotly(row, LONGEST) for row in spec.rows],
            "range": [rows - 0.5, -0.5],
            "showgrid": False,
            "title": spec.y_label,
        },
    )
    return int(np.clip(26 * rows, 190, 1300))
