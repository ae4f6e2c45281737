"""Deletion: take one word out of the sentence, read it again, and see whether the label is still the same.

This is the plainest reason there is: the change was made and the model was asked again, nothing is approximated. A word
whose removal changes the label was needed for it, in this sentence. What it does not say: words that can stand in for
each other (a title before a name that is capitalised anyway) can all be removed one at a time without a change; and a
sentence without a word may be a sentence that nobody would write, so that part of the change comes from bad grammar
rather than from the word's meaning. Removing a word moves all later words one place nearer, and the tokens around the
gap may be cut differently: the sentence that was read instead is shown for that reason.

*Alone* is the word without any sentence: what the model says from the word's letters only.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch

from gemma2_workbench.classification.classifier import kind_of
from gemma2_workbench.classification.inputs import at_words
from gemma2_workbench.classification.logits import class_logits
from gemma2_workbench.classification.parts import Part
from gemma2_workbench.classification.reading import encoded_parts
from gemma2_workbench.classification.reasons.target import Target, context_words
from gemma2_workbench.classification.words import Span
from gemma2_workbench.models.gemma2 import LoadedModel


@dataclass(frozen=True)
class Deletion:
    """What the model says without one word.

    Attributes:
        word: index of the word that was removed; None where all others were.
        text: the characters that were removed; the word that stayed where all others were removed.
        read: the sentence that was read instead.
        label_before, label_after: the most probable class of the asked word (before tags are made valid BIO).
        score_before, score_after: f = logit[label] - logit[against] of the target.
        confidence_after: probability of `label_after`.
    """

    word: int | None
    text: str
    read: str
    label_before: str
    label_after: str
    score_before: float
    score_after: float
    confidence_after: float

    @property
    def changed(self) -> bool:
        """Whether the label is another one without the word."""
        return self.label_after != self.label_before

    @property
    def effect(self) -> float:
        """The score with the word minus that without it: positive where the word speaks for the label."""
        return self.score_before - self.score_after


@dataclass(frozen=True)
class _Left:
    """A text with a part cut out: what is left, and where the asked words lie in it."""

    word: int | None
    text: str
    words: tuple[Span, ...]
    asked: int


def deletions(loaded: LoadedModel, target: Target, words: Collection[int] | None = None) -> tuple[Deletion, ...]:
    """Remove each other word of the sentence in turn; for a sequence classifier each word of the text.

    Args:
        loaded: a token or sequence classifier; of `with applied(loaded, changes) as changed`, the changed one.
        target: the question.
        words: indices of the words to remove; None removes each other word. Every removal reads the sentence once more,
            so a long text takes the square of its length.

    Returns:
        One per removed word, in the order of the text; none where nothing would be left to read.
    """
    text, spans = target.reading.tokens.text, context_words(loaded, target.reading)
    sequence = kind_of(loaded) == "sequence"
    left = []
    for word, span in enumerate(spans):
        own = not sequence and word == target.word
        if own or len(spans) == 1 or (words is not None and word not in words):
            continue
        rest, gap = without(text, span)
        if sequence:
            left.append(_Left(word, rest, ((0, len(rest)),), 0))
        else:
            others = tuple(_moved(other, gap) for at, other in enumerate(spans) if at != word)
            left.append(_Left(word, rest, others, target.word - (word < target.word)))
    return _read_again(loaded, target, [text[slice(*spans[row.word])] for row in left if row.word is not None], left)


def alone(loaded: LoadedModel, target: Target) -> Deletion | None:
    """The word without its sentence; None for a sequence classifier, whose word is the whole text."""
    if kind_of(loaded) == "sequence":
        return None
    word = target.text
    return _read_again(loaded, target, [word], [_Left(None, word, ((0, len(word)),), 0)])[0]


def without(text: str, span: Span) -> tuple[str, Span]:
    """Cut a word out of a text, with one adjoining space where two would meet or one would be left over.

    Returns:
        The rest of the text, and the characters (start, end) that were cut.
    """
    start, end = span
    before, after = text[:start], text[end:]
    if before.endswith(" ") and not after[:1].isalnum():
        start -= 1
    elif after.startswith(" ") and not before[-1:].isalnum():
        end += 1
    return text[:start] + text[end:], (start, end)


def _moved(span: Span, gap: Span) -> Span:
    """Where a word lies once `gap` is cut out."""
    shift = gap[1] - gap[0] if span[0] >= gap[1] else 0
    return span[0] - shift, span[1] - shift


def _read_again(
    loaded: LoadedModel, target: Target, removed: Sequence[str], left: Sequence[_Left]
) -> tuple[Deletion, ...]:
    """What the model says of the sentence and of each that is left."""
    reading = target.reading
    encoded = encoded_parts(loaded, [Part(row.text, list(row.words), 0) for row in left], reading.label_token)
    with loaded.lock:
        intact_TC, *logits = class_logits(loaded.model, [reading.encoded, *encoded], loaded.tokenizer.pad_token_id)
    (before_C,) = at_words(intact_TC, [target.places])
    rows = []
    for row, gone, code, logits_TC in zip(left, removed, encoded, logits, strict=True):
        (after_C,) = at_words(logits_TC, [code.read[row.asked]])
        best = int(after_C.argmax())
        rows.append(
            Deletion(
                word=row.word,
                text=gone,
                read=row.text,
                label_before=target.classes[int(before_C.argmax())],
                label_after=target.classes[best],
                score_before=target.score(before_C),
                score_after=target.score(after_C),
                confidence_after=float(torch.softmax(after_C, dim=-1)[best]),
            )
        )
    return tuple(rows)
