"""Softcap saturation: how close each head's logits come to the cap, and where one head's logits lie on the curve.

The embedded model stays well below its cap of 50 (b); a cap of 10, a modified model, would bend this head (c). The same
figure of a large model shows which of its heads the cap holds back.
"""

from dataclasses import replace

from gemma2_workbench import SetSoftcap, capture, load, view_named
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec, Panels
from gemma2_workbench.views import table
from gemma2_workbench.views.softcap_curve import curve_figure

WIDTH = "double"
TEXT = "The President of the United States met the Prime Minister of Canada. The President of the United States spoke."


def figure() -> FigureSpec:
    """The largest logit of every head; the head with the largest of all on c tanh(a / c), for two caps."""
    loaded = load()
    trace, changed = capture(loaded, TEXT), capture(loaded, TEXT, interventions=[SetSoftcap(10.0)])
    heads = table(trace, "softcap", metric="largest_logit")
    top = heads.sort_values("value").iloc[-1]
    layer, head = int(top["layer"]), int(top["head"])
    grid = view_named("softcap").figure(heads)
    assert not isinstance(grid, Panels)  # one quantity is one grid
    curves = [curve_figure(table(run, "softcap_curve", layer=layer, head=head)) for run in (trace, changed)]
    names = (f"layer {layer} head {head}, cap 50", f"modified model: {changed.changes[0]}")
    titled = [replace(curve, title=name) for curve, name in zip(curves, names, strict=True)]
    return Panels((grid, *titled), columns=3)


if __name__ == "__main__":
    print(export(figure(), "softcap_saturation.pdf", width=WIDTH))
