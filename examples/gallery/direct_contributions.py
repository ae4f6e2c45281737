"""Direct contributions: which heads and MLPs wrote the logit of the next token.

The parts sum to the logit exactly. Direct means through the residual stream only: see head_importance for what
happens when a head is really taken away.
"""

from gemma2_workbench import capture, load, view_named
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec

WIDTH = "double"
TEXT = "red blue green seven nine red blue green seven nine red blue"


def figure() -> FigureSpec:
    """Heads as a grid, the rest as bars, for the token after the text."""
    trace = capture(load(), TEXT, read=("attention", "folds", "lens", "contributions"))
    view = view_named("contributions")
    return view.figure(view.table(trace))


if __name__ == "__main__":
    print(export(figure(), "direct_contributions.pdf", width=WIDTH))
