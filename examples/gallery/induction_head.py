"""Induction head: on a sequence that repeats, it looks at what followed the same token the last time.

Left the head with the highest induction score: the bright diagonal lies one token after the earlier copy of the query.
Right the previous-token head of an earlier layer, which such a head needs (arXiv 2209.11895).
"""

from gemma2_workbench import capture, load, view_named
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec, Panels
from gemma2_workbench.views import table

WIDTH = "double"
TEXT = "river stone paper green seven window horse market silver bread "


def figure() -> FigureSpec:
    """The maps of the best induction head and of the best previous-token head."""
    trace = capture(load(), TEXT * 2)
    view = view_named("attention")
    maps = []
    for metric in ("induction", "previous_token"):
        best = table(trace, "atlas", metric=metric).sort_values("value").iloc[-1]
        maps.append(view.figure(view.table(trace, layer=int(best["layer"]), head=int(best["head"]))))
    return Panels(tuple(maps), columns=2)


if __name__ == "__main__":
    print(export(figure(), "induction_head.pdf", width=WIDTH))
