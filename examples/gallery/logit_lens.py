"""Logit lens: what the model would say if it stopped after each layer.

Every cell is the most probable next token at that depth, coloured by its probability. The last row is the prediction.
"""

from gemma2_workbench import capture, load, view_named
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec

WIDTH = "double"
TEXT = "red blue green seven nine red blue green seven nine red"


def figure() -> FigureSpec:
    """The lens over all layers and positions."""
    trace = capture(load(), TEXT, read=("attention", "folds", "lens", "contributions"))
    view = view_named("lens")
    return view.figure(view.table(trace))


if __name__ == "__main__":
    print(export(figure(), "logit_lens.pdf", width=WIDTH))
