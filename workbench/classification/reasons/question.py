"""`Question` and `answered`: a text, one of its words and what is asked about it, answered with a table of numbers.

Command line, bench and `redraw` all ask here, which is why they give the same numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from gemma2_workbench.brief import by_fields
from gemma2_workbench.classification.choices import LABELS, METHODS, REASONS
from gemma2_workbench.classification.inputs import checked_label_token
from gemma2_workbench.classification.labelled import classify
from gemma2_workbench.classification.reasons.deletion import alone, deletions
from gemma2_workbench.classification.reasons.figures import (
    attention_figure,
    deletion_figure,
    head_figure,
    saliency_figure,
)
from gemma2_workbench.classification.reasons.gradients import saliency
from gemma2_workbench.classification.reasons.heads import head_effects
from gemma2_workbench.classification.reasons.places import located, number_of
from gemma2_workbench.classification.reasons.tables import attention_table, deletion_table, head_table, saliency_table
from gemma2_workbench.classification.reasons.target import Target, target_of
from gemma2_workbench.classification.reasons.words import attention_words, head_words, removal_words, saliency_words
from gemma2_workbench.classification.tables import entity_table, token_table, word_table
from gemma2_workbench.figures.spec import Panel
from gemma2_workbench.models.gemma2 import LoadedModel
from gemma2_workbench.traces.interventions import Intervention, applied
from gemma2_workbench.traces.trace import ModelInfo

_FIGURES: dict[str, Callable[[pd.DataFrame], Panel]] = {
    "saliency": saliency_figure,
    "heads": head_figure,
    "removals": deletion_figure,
    "attention": attention_figure,
}


@dataclass(frozen=True)
class Question:
    """What is asked; None leaves it to the model.

    Attributes:
        text: the text.
        show: a reason (`REASONS`), or the labels themselves (`LABELS`), which are of no word.
        word: number of the word, from 0 through all sentences of the text, or the word itself, the first of its kind;
            None is the first word of the first entity, or word 0.
        label, against: classes; None is the most probable one, and the next best.
        method: of the saliency.
        layer, head: of the attention; None is the head with the largest effect.
        changes: what is changed in the model.
        label_token: at which sub-token labels are read, one of `LABEL_TOKENS`; None is what the checkpoint says.

    Raises:
        ValueError: there is no such thing to show, no such method or label token.
    """

    text: str
    show: str = "saliency"
    word: int | str | None = None
    label: str | None = None
    against: str | None = None
    method: str = METHODS[0]
    layer: int | None = None
    head: int | None = None
    changes: tuple[Intervention, ...] = ()
    label_token: str | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        for name, given, allowed in (("show", self.show, (*REASONS, *LABELS)), ("method", self.method, METHODS)):
            if given not in allowed:
                raise ValueError(f"{name} {given!r} is unknown; choose from {', '.join(allowed)}")
        if self.label_token is not None:
            checked_label_token(self.label_token)
        if (self.layer is None) != (self.head is None):
            raise ValueError("a head is named by its layer and its head; give both, or none")


@dataclass(frozen=True, eq=False)
class Answer:
    """The numbers that answer a question.

    Attributes:
        question: the question, with nothing left to the model.
        model: which weights.
        ids: the tokens that were read: those of the word's sentence, or of all where the labels of all are shown.
        table: the numbers, a tidy table.
        target: the two classes at the word; None for labels.
        score: how far the label is ahead, logit[label] - logit[against]; None for labels.
        probability: of the label at the word; None for labels.
        meaning: what the numbers mean, in a sentence.
        remarks: what one must know to trust the labels, in sentences.
    """

    question: Question
    model: ModelInfo
    ids: tuple[int, ...]
    table: pd.DataFrame
    target: Target | None = None
    score: float | None = None
    probability: float | None = None
    meaning: str = ""
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return by_fields(self)

    def figure(self) -> Panel:
        """The picture of a reason.

        Raises:
            ValueError: labels are shown, or no word could be removed.
        """
        if self.question.show not in _FIGURES:
            raise ValueError(f"{self.question.show} are a table: save them as .csv, .parquet or .tex")
        drawn = _FIGURES[self.question.show](self.table)
        changes = ", ".join(change.sentence for change in self.question.changes)
        return replace(drawn, title=f"{drawn.title} (modified model: {changes})") if changes else drawn


_Shown = tuple[Question, pd.DataFrame, str]


def answered(loaded: LoadedModel, question: Question) -> Answer:
    """Label the text, and ask the model for the reason.

    Args:
        loaded: a token or sequence classifier.
        question: what is asked.

    Raises:
        ValueError: the text has no words or no such word, the model no such class or head; as `classify`.
        MemoryError: the text is too long for its reasons.
    """
    found = classify(loaded, question.text, interventions=question.changes, label_token=question.label_token)
    question = replace(question, label_token=found.label_token if found.kind == "token" else None)
    labels = Question(question.text, question.show, changes=question.changes, label_token=question.label_token)
    if question.show in ("entities", "words"):
        ids = tuple(token for labelled in found.sentences for token in labelled.reading.tokens.ids)
        table = (entity_table if question.show == "entities" else word_table)(found)
        return Answer(labels, found.model, ids, table, remarks=found.remarks)
    number = number_of(found, question.word)
    labelled, word = located(found, number)
    ids = labelled.reading.tokens.ids
    if question.show == "tokens":
        return Answer(replace(labels, word=number), found.model, ids, token_table(labelled), remarks=found.remarks)
    target = target_of(labelled, word, question.label, question.against)
    known = replace(question, word=number, label=target.label, against=target.against)
    with applied(loaded, question.changes) as changed:
        known, table, meaning = _SHOWN[question.show](changed, target, known)
    label, _ = target.pair
    logits_C = labelled.word_logits[word]
    probability = float(labelled.probs[word, label])
    score = target.score(logits_C)
    return Answer(known, found.model, ids, table, target, score, probability, meaning, found.remarks)


def _saliency(loaded: LoadedModel, target: Target, question: Question) -> _Shown:
    found = saliency(loaded, target, question.method)
    return question, saliency_table(found), saliency_words(found)


def _heads(loaded: LoadedModel, target: Target, question: Question) -> _Shown:
    found = head_effects(loaded, target)
    return question, head_table(found), head_words(found)


def _removals(loaded: LoadedModel, target: Target, question: Question) -> _Shown:
    rows, left = deletions(loaded, target), alone(loaded, target)
    table = deletion_table(target, [*rows, *([] if left is None else [left])])
    return question, table, removal_words(rows, left)


def _attention(loaded: LoadedModel, target: Target, question: Question) -> _Shown:
    found = head_effects(loaded, target)
    best = found.ranked(1)[0]
    layer, head = question.layer, question.head
    if layer is None or head is None:
        layer, head = best.layer, best.head
    table = attention_table(found, layer, head)
    return replace(question, layer=layer, head=head), table, attention_words(found, layer, head)


_SHOWN: dict[str, Callable[[LoadedModel, Target, Question], _Shown]] = {
    "saliency": _saliency,
    "heads": _heads,
    "removals": _removals,
    "attention": _attention,
}
