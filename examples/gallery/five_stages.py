"""Five stages: one head's attention from the raw logits to what it writes into the residual stream.

Softcap bends large logits, the mask removes the future, the softmax makes probabilities, and the length of the value
decides how much a probability matters: in this head <bos> takes most of the attention and contributes little with it.
"""

from typing import Any

from gemma2_workbench import STAGES, capture, load, view_named
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec, Panels

WIDTH = "double"
TEXT = "Emma was glad to see Mr. Knightley, and Mr. Knightley was glad to see Emma."
LAYER, HEAD = 5, 2


def figure() -> FigureSpec:
    """The five maps of one head."""
    trace = capture(load(), TEXT)
    view = view_named("attention")
    maps: list[Any] = [view.figure(view.table(trace, layer=LAYER, head=HEAD, stage=stage)) for stage in STAGES]
    return Panels(tuple(maps), columns=3)


if __name__ == "__main__":
    print(export(figure(), "five_stages.pdf", width=WIDTH))
