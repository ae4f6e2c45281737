"""Swap: put other words in the place of one word of the sentence, and see what the label becomes.

Each sentence is read again, nothing is approximated. What it shows is this sentence with these words: that a label
turns with one of them says that the model reads the place, not that it reads it as people do. The word that is swapped
may be the one that is asked about, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
from torch import Tensor

from gemma2_workbench.classification.classifier import kind_of
from gemma2_workbench.classification.explanations.explanation import Explanation, asked_in, named_columns
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.rereading import Variant, moved, reread
from gemma2_workbench.classification.explanations.scoring import context_words
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.classification.explanations.word_index import word_named
from gemma2_workbench.classification.words import Span
from gemma2_workbench.figures.spec import Bars
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.models.tokens import checked_text

_NUMBERS = ("text", "read", "label_after", "confidence_after", "p_label", "p_against", "score_after", "changed")
_COLUMNS = ("swapped", *_NUMBERS, "asked", "label", "against")


@dataclass(frozen=True)
class Swapped:
    """What the model says with another word.

    Attributes:
        text: the word that stands there.
        read: the sentence that was read.
        label_after: what the model says of the words that are asked about (see `Target.said`).
        confidence_after: its probability; of an entity that of the least sure of its words.
        p_label, p_against: probabilities of the label that is asked about and of its rival (of an entity: of all its
            words together).
        score_after: f = logit[label] - logit[against] of the target.
        changed: whether the label is another one than in the sentence as it is.
    """

    text: str
    read: str
    label_after: str
    confidence_after: float
    p_label: float
    p_against: float
    score_after: float
    changed: bool


@dataclass(frozen=True, eq=False)
class WordSwap(Explanation):
    """A word of the sentence, and others in its place.

    Attributes:
        rows: the sentence as it is, then one for each other word in the order given.
        swapped: index of the word.
        target: the question.
    """

    rows: tuple[Swapped, ...]
    swapped: int
    target: Target

    TITLE: ClassVar = "A word swapped"
    OPTIONS: ClassVar = ("swap", "by")

    @classmethod
    def of(cls, loaded: Classifier, target: Target, request: Request) -> WordSwap:
        """See `Explanation.of`."""
        if request.swap is None or not request.by:
            raise ValueError("a swap needs a word of the sentence (swap) and what to put in its place (by); give both")
        words = context_words(loaded, target.reading)
        texts = [target.reading.tokens.text[start:end] for start, end in words]
        return swap(loaded, target, word_named(texts, request.swap, "sentence"), request.by)

    def table(self) -> pd.DataFrame:
        """One row per word; the first is the sentence as it is."""
        frame = pd.DataFrame([[getattr(row, name) for name in _NUMBERS] for row in self.rows], columns=list(_NUMBERS))
        return asked_in(frame.assign(swapped=self.swapped), _COLUMNS, self.target)

    def printed(self) -> pd.DataFrame:
        """See `Explanation.printed`; in the order given."""
        named = {"text": "word", "label_after": "label then", "confidence_after": "probability"}
        named |= {"p_label": self.target.label, "p_against": self.target.against}
        return named_columns(self.table(), named)

    def figure(self) -> Bars:
        """How probable the label that is asked about is with each word, the sentence as it is on top."""
        names = tuple(f"{row.text} → {row.label_after}" if row.changed else row.text for row in self.rows)
        values = self.table()["p_label"].to_numpy(dtype=float)
        title = f"{self.target.title}, “{self.rows[0].text}” swapped"
        return Bars(names, values, f"probability of {self.target.label}", title)

    @property
    def sentence(self) -> str:
        """Which words change the label."""
        first, *others = self.rows
        said = f"With “{first.text}” {self.target.text} is {first.label_after} {first.confidence_after:.2f}"
        changed = [row for row in others if row.changed]
        if not changed:
            return f"{said}; none of the {len(others)} other words changes that."
        return f"{said}; {', '.join(f'“{row.text}” makes it {row.label_after}' for row in changed)}."


def swap(loaded: Classifier, target: Target, word: int, by: Sequence[str]) -> WordSwap:
    """Put other words in the place of one, and read the sentence again with each, in one batch.

    Args:
        loaded: a token or sequence classifier; of `with applied(loaded, changes) as changed`, the changed one.
        target: the question.
        word: index of the word that is swapped, among those of the sentence (of a sequence classifier: of the text).
        by: what stands there instead, each read as one word.

    Raises:
        ValueError: no such word, nothing or a blank to put there, no valid Unicode, or too many tokens for the model.
    """
    text, spans = target.reading.tokens.text, context_words(loaded, target.reading)
    if not 0 <= word < len(spans):
        raise ValueError(f"word {word} does not exist; the sentence has words 0..{len(spans) - 1}")
    if not by or not all(other.strip() for other in by):
        raise ValueError("a word can be swapped by other words only; to see the text without it, leave it out")
    sequence = kind_of(loaded) == "sequence"
    variants = [_variant(text, spans, word, checked_text(other.strip()), target, sequence) for other in by]
    before_WC, after = reread(loaded, target, variants)
    label, _ = target.said(before_WC)
    start, end = spans[word]
    read = [(text[start:end], text), *((other.strip(), row.text) for other, row in zip(by, variants, strict=True))]
    rows = tuple(
        _swapped(target, other, sentence, logits_WC, label)
        for (other, sentence), logits_WC in zip(read, (before_WC, *after), strict=True)
    )
    return WordSwap(rows, word, target)


def _variant(text: str, spans: tuple[Span, ...], word: int, other: str, target: Target, sequence: bool) -> Variant:
    start, end = spans[word]
    changed = text[:start] + other + text[end:]
    if sequence:
        return Variant(changed, ((0, len(changed)),), range(1))
    words = tuple(
        (start, start + len(other)) if at == word else moved(span, (start, end), len(other))
        for at, span in enumerate(spans)
    )
    return Variant(changed, words, target.words)


def _swapped(target: Target, text: str, read: str, logits_WC: Tensor, before: str) -> Swapped:
    label, confidence = target.said(logits_WC)
    p_label, p_against = target.probabilities(logits_WC)
    return Swapped(text, read, label, confidence, p_label, p_against, target.score(logits_WC), label != before)
