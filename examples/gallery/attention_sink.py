"""Attention sink: how much of its attention every head rests on <bos>, and how that grows along the text.

Many trained transformers rest unused attention on the first token (arXiv 2309.17453). Global layers can always look
back at it; local layers lose sight of it after a window.
"""

import numpy as np

from gemma2_workbench import capture, load, view_named
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import Curve, FigureSpec, Guide, Panels, Series
from gemma2_workbench.views import table

WIDTH = "double"
TEXT = (
    "It is a truth universally acknowledged, that a single man in possession of a good fortune must want a wife. " * 4
)


def figure() -> FigureSpec:
    """The share of <bos> per head, and per position for local and global layers."""
    trace = capture(load(), TEXT)
    grid = view_named("atlas").figure(table(trace, "atlas", metric="first_token"))
    assert not isinstance(grid, Panels)  # one quantity is one grid
    sink_LNT = trace.folds["first_token"].numpy()
    places = np.arange(len(trace.tokens), dtype=float)
    lines = []
    for kind in ("local", "global"):
        layers = [layer.index for layer in trace.layers if layer.kind == kind]
        lines.append(Series(f"{kind} layers", places, sink_LNT[layers].mean((0, 1))))
    window = next(layer.window for layer in trace.layers if layer.window is not None)
    guide = Guide("x", float(window), "window")
    return Panels((grid, Curve(tuple(lines), "query (position)", "attention on <bos> (share)", guides=(guide,))), 2)


if __name__ == "__main__":
    print(export(figure(), "attention_sink.pdf", width=WIDTH))
