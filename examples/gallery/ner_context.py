"""NER by context: what the label of a word owes to each of its neighbours, measured by taking them away.

A bar to the right is a word that speaks for the label; an arrow gives the label that the model chooses without it.
"""

from gemma2_workbench import classify, load
from gemma2_workbench.classification.explanations import leave_one_out, target_of
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec

WIDTH = "single"
TEXT = "They sailed from Jordan to the coast of Egypt."
WORD = 3


def figure() -> FigureSpec:
    """The effect of every other word on the label of one."""
    loaded = load("tiny-ner")
    (predicted,) = classify(loaded, TEXT).sentences
    target = target_of(predicted, WORD)
    return leave_one_out(loaded, target).figure()


if __name__ == "__main__":
    print(export(figure(), "ner_context.pdf", width=WIDTH))
