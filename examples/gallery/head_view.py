"""Head view: every token twice, with a line from each query to the keys it attends to, as BertViz draws it.

Three induction heads of the last layer agree: each word of the second copy looks at what followed its first occurrence.
"""

from gemma2_workbench import capture, load, view_named
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec

WIDTH = "single"
TEXT = "red blue green seven nine red blue green seven nine"


def figure() -> FigureSpec:
    """The induction heads of the last layer, tokens merged to words."""
    trace = capture(load(), TEXT)
    view = view_named("heads")
    return view.figure(view.table(trace, layer=5, heads="2,3,4", unit="words", bos="hidden", threshold=0.2))


if __name__ == "__main__":
    print(export(figure(), "head_view.pdf", width=WIDTH))
