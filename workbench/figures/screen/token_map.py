"""Token maps on the screen: a heatmap, and hidden cells as patterned regions that still answer the pointer."""

from __future__ import annotations

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.regions import outlines
from gemma2_workbench.figures.screen.outline import outline
from gemma2_workbench.figures.screen.room import LONGEST
from gemma2_workbench.figures.screen.slot import Slot
from gemma2_workbench.figures.screen.traces import PlotlyDict, heatmap, scatter
from gemma2_workbench.figures.spec import TokenMap
from gemma2_workbench.figures.text import for_plotly

_PITCH = 14  # pixels from one token label to the next, at least


def draw(spec: TokenMap, slot: Slot) -> int:
    """Draw the map; the pointer shows both tokens with their positions and the value or why there is none."""
    rows, columns = spec.values.shape
    place = {"x0": spec.column_start, "dx": 1, "y0": spec.row_start, "dy": 1}
    where = f"{_word(spec.y_label)} %{{y:d}} %{{y}}<br>{_word(spec.x_label)} %{{x:d}} %{{x}}<br>"
    quantity = for_plotly(spec.scale.label)
    shown = "%{z:d}" if spec.scale.kind == "categorical" else "%{z:.6g}"
    ends = {"hovertemplate": f"{where}{quantity}: {shown}<extra></extra>", "name": quantity}
    slot.add(heatmap(z=spec.values, **place, **slot.colour(spec.scale), **ends))
    hidden = spec.hidden()
    for reason in np.unique(hidden[hidden != 0]).tolist():
        _draw_hidden(spec, slot, hidden == reason, reason, place, where)
    if spec.mark is not None:
        outline(*spec.mark, slot)
    slot.axes(
        {
            **token_axis(spec.columns, spec.column_start, slot.pixels[0], spec.x_label),
            "autotickangles": [0, -90],
            "range": [spec.column_start - 0.5, spec.column_start + columns - 0.5],
        },
        {
            **token_axis(spec.rows, spec.row_start, slot.pixels[1], spec.y_label),
            "range": [spec.row_start + rows - 0.5, spec.row_start - 0.5],
        },
    )
    return int(np.clip(24 * rows, 190, 560))


def _draw_hidden(spec: TokenMap, slot: Slot, mask: np.ndarray, reason: int, place: PlotlyDict, where: str) -> None:
    """Cells hidden for one reason: a plain layer for the pointer, the pattern over it."""
    look = colours.hidden(reason, slot.dark)
    layer = heatmap(
        z=np.where(mask, np.float32(0), np.float32("nan")),
        **place,
        colorscale=[(0, look.fill), (1, look.fill)],
        showscale=False,
        hovertemplate=f"{where}hidden: {look.name}<extra></extra>",
    )
    # NaN lifts the pen between loops: one trace per reason, however many regions it has.
    gap = np.full((1, 2), np.nan)
    loops = np.vstack([part for loop in outlines(mask) for part in (loop - 0.5, gap)][:-1])
    pattern = {"shape": look.pattern, "fgcolor": look.line, "bgcolor": look.fill, "size": 7, "solidity": 0.2}
    region = scatter(
        x=loops[:, 0] + spec.column_start,
        y=loops[:, 1] + spec.row_start,
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillpattern={**pattern, "fillmode": "overlay"},
        hoverinfo="skip",
    )
    slot.add(layer, region)
    slot.key(f"hidden: {look.name}", color=look.fill, pattern={**pattern, "fillmode": "overlay"})


def token_axis(labels: tuple[str, ...], start: int, pixels: int, title: str) -> PlotlyDict:
    """An integer axis that reads as tokens: plotly thins whole numbers to what fits, each number has its token.

    Tick texts by alias also reach the pointer's label, and stay right for repeated tokens and after zooming.
    """
    return {
        "labelalias": {str(start + i): for_plotly(label, LONGEST) for i, label in enumerate(labels)},
        "type": "linear",
        "tickformat": "~f",
        "nticks": min(len(labels), pixels // _PITCH, 40) + 1,
        "showgrid": False,
        "showline": True,
        "ticks": "outside",
        "ticklen": 3,
        "title": title,
    }


def _word(label: str) -> str:
    """The first word of an axis label: "query (attends)" -> "query"."""
    return for_plotly(label.split(" (")[0])
