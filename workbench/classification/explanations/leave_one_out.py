"""Leave one out: take one word out of the sentence, read it again, and see whether the label is still the same.

This is the plainest reason there is: the change was made and the model was asked again, nothing is approximated. A word
whose removal changes the label was needed for it, in this sentence. What it does not say: words that can stand in for
each other (a title before a name that is capitalised anyway) can all be removed one at a time without a change; and a
sentence without a word may be a sentence that nobody would write, so that part of the change comes from bad grammar
rather than from the word's meaning. Removing a word moves all later words one place nearer, and the tokens around the
gap may be cut differently: the sentence that was read instead is shown for that reason.

*Alone* is the word without any sentence: what the model says from the word's letters only.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from torch import Tensor

from gemma2_workbench.classification.classifier import kind_of
from gemma2_workbench.classification.explanations.explanation import Explanation, asked_in, largest, signed
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.rereading import Variant, left_out_variant, reread
from gemma2_workbench.classification.explanations.scoring import context_words
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.figures.spec import Bars
from gemma2_workbench.models.classifier import Classifier

_NUMBERS = (
    *("text", "read", "label_before", "label_after", "changed"),
    *("score_before", "score_after", "effect", "confidence_after"),
)
_COLUMNS = ("removed", *_NUMBERS, "asked", "label", "against")
_MOST_BARS = 20


@dataclass(frozen=True)
class LeftOut:
    """What the model says without one word.

    Attributes:
        word: index of the word that was removed; None where all others were.
        text: the characters that were removed; those that stayed where all others were removed.
        read: the sentence that was read instead.
        label_before, label_after: what the model says of the words that are asked about (see `Target.said`).
        score_before, score_after: f = logit[label] - logit[against] of the target.
        confidence_after: probability of `label_after`; of an entity that of the least sure of its words.
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


@dataclass(frozen=True, eq=False)
class LeaveOneOut(Explanation):
    """The label without each other word.

    Attributes:
        rows: one per removed word, in the order of the text; none where nothing would be left to read.
        alone: the word without its sentence; None for a sequence classifier, whose word is the whole text.
        label: what the model says of the words that are asked about.
        target: the question.
    """

    rows: tuple[LeftOut, ...]
    alone: LeftOut | None
    label: str
    target: Target

    TITLE: ClassVar = "Words left out"
    SIGNED: ClassVar = True

    @classmethod
    def of(cls, loaded: Classifier, target: Target, request: Request) -> LeaveOneOut:
        """See `Explanation.of`."""
        return leave_one_out(loaded, target)

    @property
    def deciding(self) -> tuple[LeftOut, ...]:
        """The words without which the label is another one, the largest effect first."""
        return tuple(sorted((row for row in self.rows if row.changed), key=lambda row: -row.effect))

    def table(self) -> pd.DataFrame:
        """One row per removed word, and one for the word alone, whose `removed` is empty."""
        rows = [*self.rows, *([] if self.alone is None else [self.alone])]
        frame = pd.DataFrame([[getattr(row, name) for name in _NUMBERS] for row in rows], columns=list(_NUMBERS))
        return asked_in(
            frame.assign(removed=pd.array([row.word for row in rows], dtype="Int64")), _COLUMNS, self.target
        )

    def printed(self) -> pd.DataFrame:
        """See `Explanation.printed`."""
        named = {"effect": "logits", "text": "without", "label_after": "label then", "confidence_after": "probability"}
        shown = largest(self.table().dropna(subset=["removed"]), "effect", named)
        return shown.assign(logits=shown["logits"].map(signed))

    def figure(self) -> Bars:
        """The words with the largest effects, in the order of the text, with new labels; to the right is for the label.

        Raises:
            ValueError: no word was removed.
        """
        if not self.rows:
            raise ValueError("there is no word to remove: the sentence has only the word that is asked about")
        most = sorted(self.rows, key=lambda row: -abs(row.effect))[:_MOST_BARS]
        shown = [row for row in self.rows if row in most]
        names = tuple(f"{row.text} → {row.label_after}" if row.changed else row.text for row in shown)
        effects = np.array([row.effect for row in shown], dtype=float)
        title = f"{self.target.title}, each word taken out"
        return Bars(names, effects, f"effect on {self.target.score_name} (logits)", title)

    @property
    def because(self) -> str:
        """The one sentence: the word that the label hangs on most, and what it is without that word."""
        said = f"{self.target.text} is {self.label}"
        if not self.rows:
            return f"{said}; there is no other word that could be taken out."
        if not self.deciding:
            return f"{said}; no single word changes it."
        first = self.deciding[0]
        return f"{said} because of {first.text}: without it {first.label_after} {first.confidence_after:.2f}."

    @property
    def sentence(self) -> str:
        """How many words the label needs, and what the word is without all of them."""
        if not self.rows:
            return self.because
        changed = len(self.deciding)
        count = f" {changed} of {len(self.rows)} words would change the label if missing." if changed else ""
        if self.alone is None:
            return self.because + count
        alone = f"“{self.alone.text}” is {self.alone.label_after} ({self.alone.confidence_after:.2f})"
        return f"{self.because}{count} With all others gone, {alone}."


def leave_one_out(loaded: Classifier, target: Target, words: Collection[int] | None = None) -> LeaveOneOut:
    """Remove each other word of the sentence in turn; for a sequence classifier each word of the text.

    Args:
        loaded: a token or sequence classifier; of `with applied(loaded, changes) as changed`, the changed one.
        target: the question; words of an entity that is asked about stay.
        words: indices of the words to remove; None removes each other word. Every removal reads the sentence once more,
            so a long text takes the square of its length.
    """
    text, spans = target.reading.tokens.text, context_words(loaded, target.reading)
    sequence = kind_of(loaded) == "sequence"
    own = range(0) if sequence else target.words
    gone = [
        word for word in range(len(spans)) if word not in own and len(spans) > 1 and (words is None or word in words)
    ]
    variants = [left_out_variant(text, spans, word, None if sequence else own) for word in gone]
    if not sequence:
        start, _ = target.span
        kept = tuple((first - start, stop - start) for first, stop in spans[own.start : own.stop])
        variants.append(Variant(target.text, kept, range(len(own))))
    before_WC, after = reread(loaded, target, variants)
    cut = [(word, text[slice(*spans[word])]) for word in gone] + ([] if sequence else [(None, target.text)])
    rows = [
        _left_out(target, word, removed, variant.text, before_WC, after_WC)
        for (word, removed), variant, after_WC in zip(cut, variants, after, strict=True)
    ]
    alone = None if sequence else rows.pop()
    return LeaveOneOut(tuple(rows), alone, target.said(before_WC)[0], target)


def _left_out(
    target: Target, word: int | None, removed: str, read: str, before_WC: Tensor, after_WC: Tensor
) -> LeftOut:
    label_after, confidence = target.said(after_WC)
    before, after = target.score(before_WC), target.score(after_WC)
    return LeftOut(word, removed, read, target.said(before_WC)[0], label_after, before, after, confidence)
