"""Coloured text on the screen: one cell per token, in lines, read like the text itself."""

from __future__ import annotations

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.screen.outline import outline
from gemma2_workbench.figures.screen.slot import Slot
from gemma2_workbench.figures.screen.traces import heatmap
from gemma2_workbench.figures.spec import TokenStrip
from gemma2_workbench.figures.text import for_plotly, one_line

_LINE = 110  # characters in a line of tokens
_LONGEST = 18  # characters of a token


def lines(spec: TokenStrip) -> tuple[int, int]:
    """How many lines of how many tokens."""
    widest = max(len(one_line(token, _LONGEST)) for token in spec.tokens)
    columns = min(len(spec.tokens), int(np.clip(_LINE // (widest + 2), 4, 24)))
    return -(-len(spec.tokens) // columns), columns


def height(spec: TokenStrip) -> int:
    """Pixels of all lines."""
    return 34 * lines(spec)[0]


def draw(spec: TokenStrip, slot: Slot) -> int:
    """Draw the tokens in cells of one width, so that the lines survive any width of the page."""
    count = len(spec.tokens)
    rows, columns = lines(spec)
    values = np.full(rows * columns, np.nan)
    values[:count] = spec.values
    names = np.full(rows * columns, "", dtype=object)
    names[:count] = [f"{i} {for_plotly(token)}" for i, token in enumerate(spec.tokens)]
    quantity = for_plotly(spec.scale.label)
    slot.add(
        heatmap(
            z=values.reshape(rows, columns),
            xgap=2,
            ygap=4,
            **slot.colour(spec.scale),
            customdata=names.reshape(rows, columns),
            hovertemplate=f"token %{{customdata}}<br>{quantity}: %{{z:.6g}}<extra></extra>",
        )
    )
    y, x = np.divmod(np.arange(count), columns)
    words = np.array([for_plotly(token, _LONGEST) for token in spec.tokens])
    slot.write(x, y, words, colours.paint(spec.scale, spec.values, slot.dark))
    if spec.mark is not None:
        outline(*divmod(spec.mark, columns), slot)
    bare = {"showticklabels": False, "showgrid": False}
    slot.axes({**bare, "range": [-0.5, columns - 0.5]}, {**bare, "range": [rows - 0.5, -0.5]})
    return max(height(spec), 140)
