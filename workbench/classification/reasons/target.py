"""The question that all reasons answer: why this label rather than that one, at this word?

A model gives every class a score, and the label is the class with the highest. A reason for one class alone mixes two
things: what speaks for this class, and what speaks for any class. So the question names a rival, by default the second
best class, and the number that is explained is the difference of the two scores, f = logit[label] - logit[against],
read where the word's label is read: at one token, or as the mean over several (contrastive explanations: Yin & Neubig
2022, arXiv 2202.10419). f is above zero where the label beats the rival. It is measured in logits:
f = ln(p[label] / p[against]), so 2.3 means ten times as probable.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.classification.classifier import kind_of
from gemma2_workbench.classification.inputs import Places
from gemma2_workbench.classification.labelled import Labelled
from gemma2_workbench.classification.reading import Reading
from gemma2_workbench.classification.words import Span, word_spans
from gemma2_workbench.models.finite import check_finite
from gemma2_workbench.models.gemma2 import LoadedModel


@dataclass(frozen=True, eq=False)
class Target:
    """Why `label` rather than `against` where `word` is read.

    Attributes:
        reading: the sentence.
        word: index of the word (0, the only one, for a sequence classifier).
        label: the class that is asked about.
        against: the class it is compared with.
        classes: names of all C classes of the model.
    """

    reading: Reading
    word: int
    label: str
    against: str
    classes: tuple[str, ...]

    @property
    def places(self) -> Places:
        """The deciding token: where in the reading the word's label is read; several where it is a mean over them."""
        return self.reading.read[self.word]

    @property
    def text(self) -> str:
        """The word itself."""
        return self.reading.word(self.word)

    @property
    def pair(self) -> tuple[int, int]:
        """Indices of the label and its rival among the classes."""
        return self.classes.index(self.label), self.classes.index(self.against)

    @property
    def sentence(self) -> str:
        """The question in words."""
        return f"why {self.text!r} is {self.label} rather than {self.against}"

    def score(self, logits_C: Tensor) -> float:
        """Score f from the class scores [C] of the word."""
        label, against = self.pair
        return float(logits_C[label] - logits_C[against])


def target_of(labelled: Labelled, word: int, label: str | None = None, against: str | None = None) -> Target:
    """The question about one word of a labelled sentence.

    Args:
        labelled: one of the sentences of a `Classification`.
        word: index of the word in the sentence.
        label: a class; None is the model's own choice, the most probable one (before tags are made valid BIO).
        against: another class; None is the most probable of the others.

    Raises:
        ValueError: no such word or class, or the same class twice.
    """
    words, classes = len(labelled.reading.words), labelled.classes
    if not 0 <= word < words:
        raise ValueError(f"word {word} does not exist; the sentence has words 0..{words - 1}")
    for given in (label, against):
        if given is not None and given not in classes:
            raise ValueError(f"the model has no class {given!r}; its classes: {', '.join(classes)}")
    if label is not None and label == against:
        raise ValueError(f"{label} cannot be compared with itself; choose another class, or none for the next best")
    order = [classes[at] for at in labelled.probs[word].argsort(descending=True, stable=True).tolist()]
    chosen = label or next(name for name in order if name != against)
    rival = against or next(name for name in order if name != chosen)
    return Target(labelled.reading, word, chosen, rival, classes)


def ids_of(loaded: LoadedModel, target: Target) -> Tensor:
    """The token ids that the model reads, [1, T]."""
    return torch.tensor([target.reading.tokens.ids], device=loaded.device)


def scores(loaded: LoadedModel, target: Target, inputs: Tensor) -> Tensor:
    """Score f of every row, float32 [B], from ids [B, T] or embeddings [B, T, D] (already scaled by sqrt(D)).

    Raises:
        NotFiniteError: the model computes NaN or infinity; says where first.
    """

    def run() -> tuple[Tensor, Tensor]:
        hidden_BTD = loaded.run(inputs)
        return hidden_BTD, loaded.class_scores(hidden_BTD[:, list(target.places)]).float().mean(1)

    hidden_BTD, logits_BC = run()
    check_finite(loaded.model, run, hidden_BTD, logits_BC)
    label, against = target.pair
    return logits_BC[:, label] - logits_BC[:, against]


def context_words(loaded: LoadedModel, reading: Reading) -> tuple[Span, ...]:
    """Character offsets of the words of a reading; those of the text for a sequence classifier, which labels all of it.

    Returns:
        W spans; for a token classifier `reading.words`.
    """
    return reading.words if kind_of(loaded) == "token" else tuple(word_spans(reading.tokens.text))
