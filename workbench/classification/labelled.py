"""`classify`: the label of every word of a text (or of the text as a whole), how sure it is, and the entities.

A word's label is the most probable class at the token where it is read; among BIO tags an I- that continues nothing
becomes a B-. Letters: T tokens, W words, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from workbench.classification.labels import entities, is_bio_scheme, repaired
from workbench.classification.logits import Progress, class_logits
from workbench.classification.reading import Reading, class_names, joined, kind_of, readings, readings_of_words
from workbench.interventions import Intervention, applied
from workbench.loading import LoadedModel
from workbench.trace import ModelInfo


@dataclass(frozen=True)
class EntitySpan:
    """An entity of a text.

    Attributes:
        label: its type, without B- and I-.
        text: its characters.
        sentence, first, stop: index of the sentence, its first word, the word after its last.
        start, end: character offsets in the text.
        confidence: probability of the least sure of its words' labels.
        margin: smallest difference between the probabilities of a word's label and of the next best one.
    """

    label: str
    text: str
    sentence: int
    first: int
    stop: int
    start: int
    end: int
    confidence: float
    margin: float


@dataclass(frozen=True, eq=False)
class Labelled:
    """One reading with what the model says of it.

    Attributes:
        reading: tokens and words.
        logits: float32 [T, C], the class scores of every token; only those at `reading.read` are labels.
        classes: the C names.
    """

    reading: Reading
    logits: Tensor
    classes: tuple[str, ...]

    @cached_property
    def probs(self) -> Tensor:
        """Probability of every class of every word, float32 [W, C]."""
        return torch.softmax(self.logits[list(self.reading.read)], dim=-1)

    @cached_property
    def best(self) -> tuple[int, ...]:
        """Index of the most probable class of each word."""
        return tuple(self.probs.argmax(-1).tolist())

    @property
    def tags(self) -> tuple[str, ...]:
        """The label of each word; valid BIO where the classes are BIO tags."""
        names = [self.classes[at] for at in self.best]
        return tuple(repaired(names) if is_bio_scheme(self.classes) else names)

    @property
    def confidence(self) -> Tensor:
        """Probability of each word's most probable class, [W]."""
        return self.probs.amax(-1)

    @property
    def margin(self) -> Tensor:
        """Probability of each word's most probable class minus that of the next best, [W]."""
        two = self.probs.topk(2, dim=-1).values
        return two[:, 0] - two[:, 1]

    def runner_up(self, word: int) -> int:
        """Index of the second most probable class of a word."""
        return int(self.probs[word].topk(2).indices[1])


@dataclass(frozen=True, eq=False)
class Classification:
    """A text with its labels.

    Attributes:
        text: the text.
        kind: "token" or "sequence".
        classes: names of the C classes.
        sentences: its readings, in order (one, the whole text, for a sequence classifier).
        model: which weights.
        interventions: what was changed in the model, in words; empty is the real model.
    """

    text: str
    kind: str
    classes: tuple[str, ...]
    sentences: tuple[Labelled, ...]
    model: ModelInfo
    interventions: tuple[str, ...] = ()

    @cached_property
    def entities(self) -> tuple[EntitySpan, ...]:
        """The entities of a token classifier with BIO tags, in the order of the text; none for other classes."""
        if self.kind != "token" or not is_bio_scheme(self.classes):
            return ()
        found = []
        for number, labelled in enumerate(self.sentences):
            for label, first, stop in entities(list(labelled.tags)):
                reading = labelled.reading
                start = reading.start + reading.words[first][0]
                end = reading.start + reading.words[stop - 1][1]
                confidence = float(labelled.confidence[first:stop].min())
                margin = float(labelled.margin[first:stop].min())
                text = self.text[start:end]
                found.append(EntitySpan(label, text, number, first, stop, start, end, confidence, margin))
        return tuple(found)


def classify(
    loaded: LoadedModel, text: str, *, interventions: Sequence[Intervention] = (), progress: Progress = iter
) -> Classification:
    """Label a text.

    Args:
        loaded: a token or sequence classifier from `load`.
        text: any text; a token classifier reads it sentence by sentence.
        interventions: changes to the model; the labels are then those of a *modified model*.
        progress: wraps the list of forward passes, as tqdm does.

    Raises:
        ValueError: the text has no words, a word or (of a sequence classifier) the text is too long, or the model
            labels nothing.
    """
    return _classification(loaded, text, readings(loaded, text), interventions, progress)


def classify_words(
    loaded: LoadedModel,
    sentences: Sequence[Sequence[str]],
    *,
    interventions: Sequence[Intervention] = (),
    progress: Progress = iter,
) -> Classification:
    """Label sentences that come as words (a CoNLL file); the text is theirs, one per line. As `classify`."""
    text = joined(sentences)
    rows = readings_of_words(loaded, sentences) if kind_of(loaded) == "token" else readings(loaded, text)
    return _classification(loaded, text, rows, interventions, progress)


def _classification(
    loaded: LoadedModel, text: str, rows: Sequence[Reading], interventions: Sequence[Intervention], progress: Progress
) -> Classification:
    return Classification(
        text=text,
        kind=kind_of(loaded),
        classes=class_names(loaded),
        sentences=label(loaded, rows, interventions, progress),
        model=ModelInfo.of(loaded),
        interventions=tuple(change.sentence for change in interventions),
    )


def label(
    loaded: LoadedModel,
    rows: Sequence[Reading],
    interventions: Sequence[Intervention] = (),
    progress: Progress = iter,
) -> tuple[Labelled, ...]:
    """Run readings through the model, those of like length together."""
    classes = class_names(loaded)
    with applied(loaded, interventions) as changed:
        logits = class_logits(changed.model, [row.encoded for row in rows], loaded.tokenizer.pad_token_id, progress)
    return tuple(Labelled(row, logits_TC, classes) for row, logits_TC in zip(rows, logits, strict=True))
