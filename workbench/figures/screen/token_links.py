"""Links between two columns of tokens on the screen: a curve per link, as strong as its weight."""

from __future__ import annotations

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.screen.room import LONGEST
from gemma2_workbench.figures.screen.slot import Slot
from gemma2_workbench.figures.screen.traces import PlotlyDict, scatter
from gemma2_workbench.figures.spec import TokenLinks
from gemma2_workbench.figures.spec.token_links import Links, spread
from gemma2_workbench.figures.text import for_plotly
from gemma2_workbench.figures.ticks import tick_text

_STEPS = 5  # strengths of line: plotly draws one trace for each
_ROW = 19  # pixels
# A curve that leaves and arrives level, as four Bezier points at 0, 0.4, 0.6 and 1 give.
_T = np.linspace(0, 1, 15)
_ACROSS = 3 * _T * (1 - _T) ** 2 * 0.4 + 3 * _T**2 * (1 - _T) * 0.6 + _T**3
_DOWN = 3 * _T**2 - 2 * _T**3


def draw(spec: TokenLinks, slot: Slot) -> int:
    """Draw the curves from pale to strong; the pointer shows query, key and weight in the middle of a curve."""
    links = spec.links()
    for head, name in enumerate(spec.heads):
        _draw_head(spec, slot, links, head, for_plotly(name))
    rows = max(len(spec.rows), len(spec.columns))
    right = f"y{100 + slot.number}"  # a figure has fewer panels
    ends = [rows - 0.5, -0.5]
    slot.axes(
        {"title": _says(spec, links), "range": [0, 1], "showticklabels": False, "showgrid": False},
        {"title": spec.row_label, "range": ends, "showgrid": False, **_ticks(spec.rows)},
    )
    left = slot.figure.layout[f"yaxis{slot.name('y')[1:]}"]
    named = {**left["title"], "text": for_plotly(spec.column_label)}
    own = {"overlaying": slot.name("y"), "matches": slot.name("y"), "side": "right", "title": named}
    slot.figure.layout[f"yaxis{right[1:]}"] = {**left, **own, **_ticks(spec.columns)}
    # plotly leaves an axis away that no trace uses.
    unseen = scatter(x=[None], y=[None], mode="markers", hoverinfo="skip")
    slot.figure.traces.append({**unseen, "xaxis": slot.name("x"), "yaxis": right})
    return max(_ROW * rows, 120)


def _draw_head(spec: TokenLinks, slot: Slot, links: Links, head: int, name: str) -> None:
    """The curves of one head, a trace for each strength, and one for the pointer."""
    look = spec.looks[head]
    mine = links.heads == head
    aside = spread(len(spec.heads))[head]
    start, stop = links.rows[mine] + aside, links.columns[mine] + aside
    weights = links.weights[mine]
    step = np.minimum((weights * _STEPS).astype(int), _STEPS - 1)
    line = {"color": colours.series(look), "dash": colours.dash(look)[0]}
    common = {"name": name, "legendgroup": name}
    slot.add(scatter(x=[None], y=[None], mode="lines", line={**line, "width": 2.5}, **common | {"showlegend": True}))
    for level in np.unique(step).tolist():
        at = step == level
        strength = (level + 0.5) / _STEPS
        y = start[at, None] + (stop - start)[at, None] * _DOWN
        path = {"x": _broken(np.broadcast_to(_ACROSS, y.shape)), "y": _broken(y)}
        drawn: PlotlyDict = {"opacity": 0.25 + 0.75 * strength, "line": {**line, "width": 0.8 + 3 * strength}}
        slot.add(scatter(**path, **drawn, mode="lines", hoverinfo="skip", **common))
    shown = [
        f"{for_plotly(spec.rows[row])} → {for_plotly(spec.columns[column])}"
        for row, column in zip(links.rows[mine], links.columns[mine], strict=True)
    ]
    slot.add(
        scatter(
            x=np.full(len(shown), 0.5),
            y=(start + stop) / 2,
            mode="markers",
            marker={"color": line["color"], "size": 8, "opacity": 0},
            customdata=np.array([[words, tick_text(weight)] for words, weight in zip(shown, weights, strict=True)]),
            hovertemplate=f"%{{customdata[0]}}<br>{name}: %{{customdata[1]}}<extra></extra>",
            **common,
        )
    )


def _broken(points: np.ndarray) -> np.ndarray:
    """Curves [n, m] one after the other, with a gap after each."""
    return np.pad(points, ((0, 0), (0, 1)), constant_values=np.nan).ravel()


def _says(spec: TokenLinks, links: Links) -> str:
    """What is drawn and what is not."""
    drawn = links.weights.size
    if drawn < links.total:
        return f"{spec.label}: the {drawn} strongest of {links.total} links"
    return f"{spec.label} from {tick_text(spec.threshold)}" if spec.threshold else spec.label


def _ticks(tokens: tuple[str, ...]) -> PlotlyDict:
    """Every token at its row, a little away from its curves."""
    apart = {"ticks": "outside", "ticklen": 4, "tickcolor": "rgba(0,0,0,0)"}
    return apart | {"tickvals": list(range(len(tokens))), "ticktext": [for_plotly(t, LONGEST) for t in tokens]}
