"""NER saliency: which tokens make a name a place, and which a person.

The same word under two sentences: integrated gradients of "LOC rather than PER", red speaks for a place, blue for a
person. The values of a sentence sum to the difference of the two scores from an empty input.
"""

from dataclasses import replace

import numpy as np

from gemma2_workbench import classify, load
from gemma2_workbench.classification.explanations import saliency, target_of
from gemma2_workbench.export import export
from gemma2_workbench.figures.spec import FigureSpec, Panels, Scale

WIDTH = "double"
TEXTS = ("They sailed from Jordan to the coast of Egypt.", "They asked Mr. Jordan to speak to the Senate.")
WORD = "Jordan"


def figure() -> FigureSpec:
    """Why the word is what it is, in both sentences."""
    loaded = load("tiny-ner")
    strips = []
    for text in TEXTS:
        (predicted,) = classify(loaded, text).sentences
        words = [predicted.reading.word(index) for index in range(len(predicted.reading.words))]
        why = saliency(loaded, target_of(predicted, words.index(WORD), "B-LOC", "B-PER"))
        strips.append(why.figure())
    scale = Scale.of(np.concatenate([strip.values for strip in strips]), strips[0].scale.label, "diverging")
    return Panels(tuple(replace(strip, scale=scale) for strip in strips), columns=1)


if __name__ == "__main__":
    print(export(figure(), "ner_saliency.pdf", width=WIDTH))
