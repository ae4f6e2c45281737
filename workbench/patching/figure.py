"""The picture of a `PatchGrid`: layer x position over the tokens of the corrupted text, or layer x head."""

import numpy as np

from gemma2_workbench.figures.spec import HeadGrid, Scale, TokenGrid
from gemma2_workbench.patching.grid import PatchGrid
from gemma2_workbench.patching.parts import PARTS


def figure(grid: PatchGrid) -> TokenGrid | HeadGrid:
    """The shares, around 0 with both signs; where there is none, the change of the logit difference."""
    first, second = grid.names
    if grid.comparable:
        values, label, least = grid.shares, "share restored", 1.0
    else:
        values, label, least = grid.values - grid.corrupted_difference, "change (logits)", 0.0
    largest = max(float(np.nanmax(np.abs(values), initial=0.0)), least) or 1.0
    scale = Scale("diverging", -largest, largest, label)
    title = f"{PARTS[grid.what].capitalize()} from the clean run: {first} rather than {second}"
    if grid.by == "head":
        kinds = tuple(info.kind for info in grid.layers)
        group = values.shape[1] // grid.kv_heads
        return HeadGrid(values, kinds, group, scale, title, text=values.shape[1] <= 8)
    columns = [here for here, _ in grid.pairs]
    shown = slice(columns[0], columns[-1] + 1)
    values = values[:, shown]
    return TokenGrid(
        values=values,
        words=tuple(
            tuple("" if np.isnan(value) else f"{round(value, 2) + 0.0:.2f}" for value in row) for row in values
        ),
        rows=tuple(str(info.index) for info in grid.layers),
        columns=grid.corrupted.display[shown],
        scale=scale,
        word=label,
        column_start=columns[0],
        title=title,
    )
