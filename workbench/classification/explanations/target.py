"""The question that all explanations answer: why this label rather than that one, at this word, or of this entity?

A model gives every class a score, and the label is the class with the highest. A reason for one class alone mixes two
things: what speaks for this class, and what speaks for any class. So the question names a rival, by default the second
best class, and the number that is explained is the difference of the two scores, f = logit[label] - logit[against],
read where the word's label is read: at one token, or as the mean over several (contrastive explanations: Yin & Neubig
2022, arXiv 2202.10419). f is above zero where the label beats the rival. It is measured in logits:
f = ln(p[label] / p[against]), so 2.3 means ten times as probable.

Of an entity f is the sum over its words: how much more probable the label is for all of them than the rival is.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.classification.inputs import Positions
from gemma2_workbench.classification.labels import Entity
from gemma2_workbench.classification.predictions import Predictions
from gemma2_workbench.classification.reading import Reading
from gemma2_workbench.classification.schemes import as_bio
from gemma2_workbench.classification.words import Span

OUTSIDE = "O"


@dataclass(frozen=True, eq=False)
class Target:
    """Why `label` rather than `against` where `words` are read.

    Attributes:
        reading: the sentence.
        words: indices of the words: one (0, the only one, for a sequence classifier), or all of an entity.
        label: the class that is asked about; the type of an entity.
        against: the class or type it is compared with.
        classes: names of all C classes of the model.
        pairs: for each of the words the indices of label and rival among the classes.
        entities: the entities of the sentence: type, first word, word after the last.
        whole: whether an entity is asked about, as a whole.
    """

    reading: Reading
    words: range
    label: str
    against: str
    classes: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    entities: tuple[Entity, ...] = ()
    whole: bool = False

    @property
    def reads(self) -> tuple[Positions, ...]:
        """For each of the words the deciding token, where its label is read; several where it is a mean over them."""
        return self.reading.read[self.words.start : self.words.stop]

    @property
    def positions(self) -> Positions:
        """All deciding tokens, in the order of the sentence."""
        return tuple(at for positions in self.reads for at in positions)

    @property
    def span(self) -> Span:
        """The characters of the words in the sentence."""
        return self.reading.words[self.words.start][0], self.reading.words[self.words.stop - 1][1]

    @property
    def text(self) -> str:
        """The word, or the words of the entity."""
        start, end = self.span
        return self.reading.tokens.text[start:end]

    @property
    def sentence(self) -> str:
        """The question in words."""
        return f"why {self.text!r} is {self.label} rather than {self.against}"

    @property
    def title(self) -> str:
        """The question above a figure."""
        asked = self.text if len(self.text) <= 40 else self.text[:39] + "…"
        return f"{asked}: {self.label} rather than {self.against}"

    @property
    def score_name(self) -> str:
        """What f is called on axes and colour bars."""
        return f"{self.label} − {self.against}"

    def score(self, logits_WC: Tensor) -> float:
        """Score f from the class scores of the words, [W, C]; of a single word [C] too."""
        return float(self.scores(torch.atleast_2d(logits_WC)))

    def scores(self, logits_WC: Tensor) -> Tensor:
        """Score f [...] from class scores [..., W, C]."""
        words = [
            logits_WC[..., word, label] - logits_WC[..., word, rival] for word, (label, rival) in enumerate(self.pairs)
        ]
        return torch.stack(words, -1).sum(-1)

    def probabilities(self, logits_WC: Tensor) -> tuple[float, float]:
        """Probabilities of the label and of its rival; of an entity of all its words together."""
        probs_WC = torch.softmax(logits_WC, dim=-1)
        label, rival = zip(*self.pairs, strict=True)
        words = range(len(self.pairs))
        return float(probs_WC[words, label].prod()), float(probs_WC[words, rival].prod())

    def said(self, logits_WC: Tensor) -> tuple[str, float]:
        """What the model says of the words, and the probability of the least sure of their labels.

        Of a word that is its most probable class (before tags are made valid BIO). Of an entity the type, O where it
        is none, and the tags of its words where they are no longer one.
        """
        best = torch.softmax(logits_WC, dim=-1).max(-1)
        names, confidence = [self.classes[at] for at in best.indices.tolist()], float(best.values.min())
        if not self.whole:
            return names[0], confidence
        tags = as_bio(names)
        one = len({tag[2:] for tag in tags}) == 1 and not any(tag.startswith("B-") for tag in tags[1:])
        return ((tags[0][2:] or OUTSIDE) if one else " ".join(tags)), confidence


def target_of(predicted: Predictions, word: int, label: str | None = None, against: str | None = None) -> Target:
    """The question about one word of a sentence.

    Args:
        predicted: one of the sentences of a `Classification`.
        word: index of the word in the sentence.
        label: a class; None is the model's own choice, the most probable one (before tags are made valid BIO).
        against: another class; None is the most probable of the others.

    Raises:
        ValueError: no such word or class, or the same class twice.
    """
    classes = predicted.classes
    check_word(predicted, word)
    check_pair((label, against), classes, "class", "classes")
    order = [classes[at] for at in predicted.probs[word].argsort(descending=True, stable=True).tolist()]
    chosen = label or next(name for name in order if name != against)
    rival = against or next(name for name in order if name != chosen)
    pair = (classes.index(chosen), classes.index(rival))
    return Target(
        predicted.reading, range(word, word + 1), chosen, rival, classes, (pair,), entities=predicted.entities
    )


def check_word(predicted: Predictions, word: int) -> None:
    """Raises ValueError where the sentence has no such word."""
    words = len(predicted.reading.words)
    if not 0 <= word < words:
        raise ValueError(f"word {word} does not exist; the sentence has words 0..{words - 1}")


def check_pair(pair: tuple[str | None, str | None], known: tuple[str, ...], one: str, many: str) -> None:
    """Raises ValueError where label or rival is not known, or both are the same."""
    for given in pair:
        if given is not None and given not in known:
            raise ValueError(f"the model has no {one} {given!r}; its {many}: {', '.join(known)}")
    if pair[0] is not None and pair[0] == pair[1]:
        raise ValueError(f"{pair[0]} cannot be compared with itself; choose another {one}, or none for the next best")
