"""Sliding-window reach: how far the last token of a text can see after each layer.

A local layer adds a window at a time; the first global layer opens the whole text. The second line is what the same
number of layers would reach if all of them were local.
"""

from gemma2_workbench import load
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.masks.reach import reach, reach_curve
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.models.loading import gemma2_of

WIDTH = "single"
TOKENS = 400


def figure() -> FigureSpec:
    """Keys that can influence the last of 400 tokens of the embedded model, layer by layer."""
    setting = Setting.of(gemma2_of(load()).outline, TOKENS)
    return reach_curve(reach(setting), TOKENS - 1)


if __name__ == "__main__":
    print(export(figure(), "sliding_window_reach.pdf", width=WIDTH))
