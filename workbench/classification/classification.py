"""`Classification`: a text with the labels of its words (or of the text as a whole), and its entities."""

from dataclasses import dataclass
from functools import cached_property

from gemma2_workbench.brief import brief, cut, some
from gemma2_workbench.classification.predictions import Predictions
from gemma2_workbench.classification.schemes import scheme_of
from gemma2_workbench.display import InNotebooks
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
