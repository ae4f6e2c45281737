"""Layer x head grids on the screen: kinds of layers as coloured letters, brackets under heads that share a kv head."""

from __future__ import annotations

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.layer_kinds import layer_kinds
from gemma2_workbench.figures.screen.slot import Slot
from gemma2_workbench.figures.screen.traces import heatmap
from gemma2_workbench.figures.spec import HeadGrid
from gemma2_workbench.figures.text import for_plotly
from gemma2_workbench.figures.ticks import cell_text


def draw(spec: HeadGrid, slot: Slot) -> int:
    """Draw the grid; the pointer shows layer, kind, head, key/value head and the exact value."""
    layers, heads = spec.values.shape
    about = np.empty((layers, heads, 2), dtype=object)
    about[..., 0] = np.array(spec.kinds, dtype=object)[:, None]
    about[..., 1] = np.arange(heads) // spec.group
    quantity = for_plotly(spec.scale.label)
    shown = "%{customdata[0]} layer %{y:d}, head %{x:d} (key/value head %{customdata[1]})<br>" + quantity
    slot.add(
        heatmap(
            z=spec.values,
            xgap=1,
            ygap=1,
            customdata=about,
            hovertemplate=shown + ": %{z:.6g}<extra></extra>",
            **slot.colour(spec.scale),
        )
    )
    if spec.text:
        y, x = np.indices(spec.values.shape).reshape(2, -1)
        words = np.array(["" if np.isnan(v) else cell_text(v) for v in spec.values.ravel()])
        slot.write(x, y, words, colours.paint(spec.scale, spec.values.ravel(), slot.dark), size=11)
    for kind in layer_kinds(spec.kinds).values():
        slot.key(f"{kind.letter} {kind.words}", color=kind.colour(slot.dark))
    _draw_brackets(spec, slot)
    named = "head" if spec.group == 1 else "head, bracketed by key/value head (kv)"
    slot.axes(
        {"tickvals": list(range(heads)), "range": [-0.5, heads - 0.5], "side": "bottom", "title": named}
        | {"showgrid": False, "ticklabelstandoff": 22 if spec.group > 1 else 0},
        {"tickvals": list(range(layers)), "ticktext": _layer_texts(spec, slot.dark), "range": [layers - 0.5, -0.5]}
        | {"showgrid": False, "title": "layer"},
    )
    return int(np.clip(26 * layers, 160, 720))


def _layer_texts(spec: HeadGrid, dark: bool) -> list[str]:
    """Tick texts of the layer axis: the number and a coloured letter for the kind."""
    looks = layer_kinds(spec.kinds)
    return [
        f'{i} <b><span style="color:{looks[kind].colour(dark)}">{looks[kind].letter}</span></b>'
        for i, kind in enumerate(spec.kinds)
    ]


def _draw_brackets(spec: HeadGrid, slot: Slot) -> None:
    """A bracket with "kv g" under each group of heads that share key/value head g."""
    if spec.group == 1:
        return
    colour = colours.theme(slot.dark).reference
    # Relative to the plot's lower edge: plotly would clip what hangs below the axis in data units.
    x, y = slot.name("x"), f"{slot.name('y')} domain"
    for group in range(spec.values.shape[1] // spec.group):
        left, right = group * spec.group - 0.42, (group + 1) * spec.group - 0.58
        path = [(left, 4), (left, 8), (right, 8), (right, 4)]
        outline = "M" + " L".join(f"{px},{-py}" for px, py in path)
        refs = {"xref": x, "yref": y}
        shape = {"type": "path", "path": outline, **refs, "ysizemode": "pixel", "yanchor": 0}
        slot.figure.shapes.append(shape | {"line": {"color": colour, "width": 1.5}})
        place = {"x": (left + right) / 2, "y": 0, **refs, "yshift": -10, "yanchor": "top"}
        slot.figure.note(f"kv {group}", 10, **place)
