"""Masks: who may see whom in a local and in a global layer, with two pads on the left.

Hatched cells are hidden, each kind of hatch for one reason: the future, outside the sliding window, padding.
"""

from dataclasses import replace

from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec, Panels
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.views import mask

WIDTH = "double"
TEXT = "It is a truth universally acknowledged that a single man wants a wife"


def figure() -> FigureSpec:
    """One local and one global layer of a model with a window of 5."""
    setting = Setting(tokens=14, window=5, layers=("local", "global"), padding=2)
    names = ("<bos>", *TEXT.split())
    panels = []
    for layer, kind in enumerate(setting.layers):
        (drawn,) = layer_masks(setting, layer)
        panels.append(replace(mask.figure(drawn.table(names)), title=f"{kind} layer"))
    return Panels(tuple(panels), columns=2)


if __name__ == "__main__":
    print(export(figure(), "masks.pdf", width=WIDTH))
