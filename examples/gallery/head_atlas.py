"""Head atlas: what every head does on a text with repeats, one layer x head grid per quantity.

Read it by columns of pictures: heads that are dark under "previous token" in one layer feed the heads that are dark
under "induction" in a later one.
"""

from gemma2_workbench import capture, load, view_named
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec

WIDTH = "double"
TEXT = "river stone paper green seven window horse market silver bread "


def figure() -> FigureSpec:
    """Six quantities of the 36 heads of the embedded model."""
    trace = capture(load(), TEXT * 3)
    view = view_named("atlas")
    return view.figure(view.table(trace))


if __name__ == "__main__":
    print(export(figure(), "head_atlas.pdf", width=WIDTH))
