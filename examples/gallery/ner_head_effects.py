"""Heads behind a label: how much each head of the classifier adds to it, measured by setting the head to zero.

Beside it where the most important head looks from the token at which the label is read.
"""

from gemma2_workbench import classify, load
from gemma2_workbench.classification.explanations import Attention, head_effects, target_of
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import Bars, FigureSpec, Panels

WIDTH = "double"
TEXT = "They asked Mr. Jordan to speak to the Senate."
WORD = 3


def figure() -> FigureSpec:
    """The effect of all heads, and the attention of the strongest."""
    loaded = load("tiny-ner")
    (predicted,) = classify(loaded, TEXT).sentences
    effects = head_effects(loaded, target_of(predicted, WORD, against="B-LOC"))
    best = effects.ranked(1)[0]
    row = Attention(effects, best.layer, best.head).table()
    bars = Bars(
        tuple(row["token"]),
        row["weight"].to_numpy(dtype=float),
        "attention paid (share)",
        f"layer {best.layer} head {best.head}",
    )
    return Panels((effects.figure(), bars), columns=2)


if __name__ == "__main__":
    print(export(figure(), "ner_head_effects.pdf", width=WIDTH))
