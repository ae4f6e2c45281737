"""`classify`: the label of every word of a text (or of the text as a whole), how sure it is, and the entities.

A word's label is the most probable class at the token where it is read; tags of a scheme are told as valid BIO
(`workbench.classification.schemes`). Letters: T tokens, W words, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from gemma2_workbench.brief import brief, cut, some
from gemma2_workbench.classification.classifier import class_names, kind_of, remarks_on
from gemma2_workbench.classification.inputs import at_words
from gemma2_workbench.classification.labels import Entity, entities
from gemma2_workbench.classification.logits import Progress, class_logits
from gemma2_workbench.classification.reading import Reading, joined, readings, readings_of_words
from gemma2_workbench.classification.schemes import as_bio, scheme_of
from gemma2_workbench.display import InNotebooks
from gemma2_workbench.models.gemma2 import LoadedModel
from gemma2_workbench.traces.interventions import Intervention, applied
from gemma2_workbench.traces.trace import ModelInfo


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
class Predictions:
    """One reading with what the model says of it.

    Attributes:
        reading: tokens and words.
        logits: float32 [T, C], the class scores of every token; those at `reading.read` make the labels.
        classes: the C names.
    """

    reading: Reading
    logits: Tensor
    classes: tuple[str, ...]

    def __repr__(self) -> str:
        words = (f"{cut(self.reading.word(at))} {tag}" for at, tag in enumerate(self.tags))
        return brief(self, f"{len(self.reading.words)} words: {some(words, 8)}")

    @cached_property
    def word_logits(self) -> Tensor:
        """Class scores of every word, float32 [W, C]."""
        return at_words(self.logits, self.reading.read)

    @cached_property
    def probs(self) -> Tensor:
        """Probability of every class of every word, float32 [W, C]."""
        return torch.softmax(self.word_logits, dim=-1)

    @cached_property
    def best(self) -> tuple[int, ...]:
        """Index of the most probable class of each word."""
        return tuple(self.probs.argmax(-1).tolist())

    @property
    def tags(self) -> tuple[str, ...]:
        """The label of each word; valid BIO where the classes are tags of a scheme (BIO, BIOES, ...)."""
        names = [self.classes[at] for at in self.best]
        return tuple(as_bio(names) if scheme_of(self.classes) else names)

    @cached_property
    def entities(self) -> tuple[Entity, ...]:
        """Type, first word and word after the last of each entity; none where the classes are no tags of a scheme."""
        return tuple(entities(list(self.tags))) if scheme_of(self.classes) else ()

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
class Classification(InNotebooks):
    """A text with its labels.

    Attributes:
        text: the text.
        kind: "token" or "sequence".
        classes: names of the C classes.
        sentences: its readings, in order (one, the whole text, for a sequence classifier).
        model: which weights.
        interventions: what was changed in the model, in words; empty is the real model.
        remarks: what one must know to trust the labels, in sentences.
    """

    text: str
    kind: str
    classes: tuple[str, ...]
    sentences: tuple[Predictions, ...]
    model: ModelInfo
    interventions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        first = self.sentences[0]
        found = some((f"{entity.label} {cut(entity.text)!r}" for entity in self.entities), 3)
        labels = found or some(first.tags, 5)
        changed = f"modified: {some(self.interventions, 1)}" if self.interventions else ""
        text = f"{cut(self.text, 24)!r} ({self.kind} labels, sentences: {len(self.sentences)})"
        return brief(self, f"by {cut(self.model.name, 24)}", text, labels, changed)

    @property
    def label_token(self) -> str:
        """At which sub-token labels are read, one of `LABEL_TOKENS`."""
        return self.sentences[0].reading.label_token

    @cached_property
    def entities(self) -> tuple[EntitySpan, ...]:
        """The entities of a token classifier whose classes are BIO tags or the like, in the order of the text."""
        if self.kind != "token" or not scheme_of(self.classes):
            return ()
        found = []
        for number, predicted in enumerate(self.sentences):
            for label, first, stop in predicted.entities:
                reading = predicted.reading
                start = reading.start + reading.words[first][0]
                end = reading.start + reading.words[stop - 1][1]
                confidence = float(predicted.confidence[first:stop].min())
                margin = float(predicted.margin[first:stop].min())
                text = self.text[start:end]
                found.append(EntitySpan(label, text, number, first, stop, start, end, confidence, margin))
        return tuple(found)

    @property
    def uncertain(self) -> EntitySpan | None:
        """The least certain entity: the one with the smallest margin; None where there are none."""
        return min(self.entities, key=lambda entity: entity.margin, default=None)


def classify(
    loaded: LoadedModel,
    text: str,
    *,
    interventions: Sequence[Intervention] = (),
    progress: Progress = iter,
    label_token: str | None = None,
) -> Classification:
    """Label a text.

    Args:
        loaded: a token or sequence classifier from `load`.
        text: any text; a token classifier reads it sentence by sentence.
        interventions: changes to the model; the labels are then those of a *modified model*.
        progress: wraps the list of forward passes, as tqdm does.
        label_token: at which sub-token of a word its label is read ("first", "last", "mean": the mean of the logits of
            all); None takes what the checkpoint says.

    Raises:
        ValueError: the text has no words, a word or (of a sequence classifier) the text is too long, or the model
            labels nothing.
    """
    rows = readings(loaded, text, label_token)
    return _classification(loaded, text, rows, interventions, progress, remarks_on(loaded, label_token))


def classify_words(
    loaded: LoadedModel,
    sentences: Sequence[Sequence[str]],
    *,
    interventions: Sequence[Intervention] = (),
    progress: Progress = iter,
    label_token: str | None = None,
    places: Sequence[str] = (),
) -> Classification:
    """Label sentences that come as words (a CoNLL file); the text is theirs, one per line. As `classify`.

    `places` are what to call the sentences in messages.
    """
    text = joined(sentences)
    if kind_of(loaded) == "token":
        rows = readings_of_words(loaded, sentences, label_token, places)
    else:
        rows = readings(loaded, text, label_token)
    return _classification(loaded, text, rows, interventions, progress, remarks_on(loaded, label_token))


def _classification(
    loaded: LoadedModel,
    text: str,
    rows: Sequence[Reading],
    interventions: Sequence[Intervention],
    progress: Progress,
    remarks: tuple[str, ...],
) -> Classification:
    return Classification(
        text=text,
        kind=kind_of(loaded),
        classes=class_names(loaded),
        sentences=label(loaded, rows, interventions, progress),
        model=ModelInfo.of(loaded),
        interventions=tuple(change.sentence for change in interventions),
        remarks=remarks,
    )


def label(
    loaded: LoadedModel,
    rows: Sequence[Reading],
    interventions: Sequence[Intervention] = (),
    progress: Progress = iter,
) -> tuple[Predictions, ...]:
    """Run readings through the model, those of like length together."""
    classes = class_names(loaded)
    with applied(loaded, interventions) as changed:
        logits = class_logits(changed.model, [row.encoded for row in rows], loaded.tokenizer.pad_token_id, progress)
    return tuple(Predictions(row, logits_TC, classes) for row, logits_TC in zip(rows, logits, strict=True))
