"""What a classifier gets wrong in a file with the right labels: each mistake with its line, and the confusion of types.

An entity that is there and one that is found are compared where they share a word; with the same words and type there
is no mistake. Where the classes are plain (no tags of a scheme) each wrong word is a mistake by itself.

Mistakes are sorted by the margin: the probability of what the model says minus that of the next best, at the least sure
of the words. The most confident mistake comes first, for it tells most about the model, or about the file: a model that
is sure and wrong has learned something else than the file says, and sometimes the file is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import pandas as pd

from gemma2_workbench.classification.conll import Sentence
from gemma2_workbench.classification.evaluation import Evaluation
from gemma2_workbench.classification.labels import Entity, entities
from gemma2_workbench.classification.predictions import Predictions

OUTSIDE = "O"
KINDS = ("missed", "invented", "type", "words", "words and type", "class")


@dataclass(frozen=True)
class Mistake:
    """One entity (or word) that is labelled otherwise than in the file.

    Attributes:
        sentence: index of its sentence in the file, from 0.
        line: line of its first word in the file, from 1; 0 for sentences that come from none.
        text: the words it is about: those of the entity in the file, or of the invented one.
        gold, predicted: the type (class) in the file, and what the model says; "O" is none.
        kind: one of `KINDS`.
        found: the words that the model labels, where they are others.
        confidence: probability of what the model says, at the least sure of the words.
        margin: that minus the probability of the next best, at the least sure of the words.
        words: index of its first word in the sentence, and the word after its last.
    """

    sentence: int
    line: int
    text: str
    gold: str
    predicted: str
    kind: str
    found: str
    confidence: float
    margin: float
    words: tuple[int, int]


@dataclass(frozen=True)
class Errors:
    """The mistakes in a file.

    Attributes:
        mistakes: all of them; the sentences with the most confident one first, in each the most confident first.
        confusion: how many entities (words) of each type in the file (rows) are given which type (columns); "O" is
            none. An entity that is found with other words counts for the type that it is given.
        sentences: how many sentences hold a mistake.
        of: how many there are.
    """

    mistakes: tuple[Mistake, ...]
    confusion: pd.DataFrame
    sentences: int
    of: int

    def table(self) -> pd.DataFrame:
        """One row per mistake, with the attributes of `Mistake`."""
        names = [field.name for field in fields(Mistake) if field.name != "words"]
        return pd.DataFrame([[getattr(row, name) for name in names] for row in self.mistakes], columns=names)


def errors(evaluation: Evaluation) -> Errors:
    """The mistakes behind the scores of a file, of `evaluate`."""
    found: list[list[Mistake]] = []
    pairs: list[tuple[str, str]] = []
    compared = _entities if evaluation.entities else _classes
    for number, (gold, predicted) in enumerate(zip(evaluation.gold, evaluation.predicted, strict=True)):
        own = compared(number, gold, predicted, pairs)
        if own:
            found.append(sorted(own, key=lambda row: -row.margin))
    found.sort(key=lambda rows: -rows[0].margin)
    mistakes = tuple(row for rows in found for row in rows)
    return Errors(mistakes, _confusion(pairs), len(found), len(evaluation.gold))


def _entities(number: int, gold: Sentence, predicted: Predictions, pairs: list[tuple[str, str]]) -> list[Mistake]:
    """The mistakes of a sentence; each pair of types that it holds goes to `pairs`."""
    mistakes, free = [], list(predicted.entities)
    # Those with the right words first: what is left over may belong to others.
    there = sorted(entities(gold.tags), key=lambda entity: _best(entity, free)[0])
    for entity in there:
        kind, first, stop = entity
        _, other = _best(entity, free)
        given = OUTSIDE if other is None else other[0]
        pairs.append((kind, given))
        if other is not None:
            free.remove(other)
        if other != entity:
            mistakes.append(_mistake(number, gold, predicted, (kind, given), (first, stop), other))
    for kind, first, stop in free:
        pairs.append((OUTSIDE, kind))
        mistakes.append(_mistake(number, gold, predicted, (OUTSIDE, kind), (first, stop), None))
    return mistakes


def _best(entity: Entity, others: Sequence[Entity]) -> tuple[tuple[bool, int], Entity | None]:
    """The entity that shares most words with another one, and how well it fits: smaller is better."""
    kind, first, stop = entity

    def fit(other: Entity) -> tuple[bool, int]:
        shared = min(stop, other[2]) - max(first, other[1])
        return (other[1:] != (first, stop), -shared)

    near = [other for other in others if other[1] < stop and other[2] > first]
    best = min(near, key=lambda other: (*fit(other), other[0] != kind), default=None)
    return ((True, 0), None) if best is None else (fit(best), best)


def _mistake(
    number: int,
    gold: Sentence,
    predicted: Predictions,
    pair: tuple[str, str],
    words: tuple[int, int],
    other: Entity | None,
) -> Mistake:
    first, stop = words if other is None else other[1:]
    same = (first, stop) == words
    if other is not None:
        kind = "type" if same else "words" if pair[0] == pair[1] else "words and type"
    else:
        kind = "invented" if pair[0] == OUTSIDE else "missed"
    confidence, margin = (float(values[first:stop].min()) for values in (predicted.confidence, predicted.margin))
    found = "" if same else _text(gold, first, stop)
    line = gold.lines[words[0]] if gold.lines else 0
    return Mistake(number, line, _text(gold, *words), *pair, kind, found, confidence, margin, words)


def _classes(number: int, gold: Sentence, predicted: Predictions, pairs: list[tuple[str, str]]) -> list[Mistake]:
    mistakes = []
    for word, (right, best) in enumerate(zip(gold.tags, predicted.best, strict=True)):
        given = predicted.classes[best]
        pairs.append((right, given))
        if given != right:
            line = gold.lines[word] if gold.lines else 0
            sure = float(predicted.confidence[word]), float(predicted.margin[word])
            text, words = gold.words[word], (word, word + 1)
            mistakes.append(Mistake(number, line, text, right, given, "class", "", *sure, words))
    return mistakes


def _confusion(pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """How often each pair comes up; rows and columns are the same types, the outside last."""
    known = sorted({kind for pair in pairs for kind in pair}, key=lambda kind: (kind == OUTSIDE, kind))
    frame = pd.DataFrame(0, index=pd.Index(known, name="gold"), columns=pd.Index(known, name="predicted"))
    for gold, predicted in pairs:
        frame.loc[gold, predicted] += 1
    return frame


def _text(sentence: Sentence, first: int, stop: int) -> str:
    return " ".join(sentence.words[first:stop])
