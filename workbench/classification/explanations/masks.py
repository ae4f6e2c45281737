"""Masks: the same weights with and without sight of later words.

A decoder reads from left to right: a token sees itself and what comes before. A word's label then rests on its past
only: "Washington" is labelled before the model knows whether "said" or "state" follows. With the bidirectional mask
every token sees both sides. Both are the same weights under another mask, so the table shows which labels need what
follows.

What it does not show: the weights were trained under one of the two masks, the one in the checkpoint's configuration.
The other one shows what *these* weights lose by it, not how well a model would do that had been trained with it: that
model would have learned to make do. How such models compare is answered by training them (see the model card).
In local layers the window also differs a little: `window` keys up to the token itself, or `window` on each side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import pandas as pd

from gemma2_workbench.classification.explanations.explanation import Explanation
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.classification.predictions import Predictions, label
from gemma2_workbench.classification.reading import readings
from gemma2_workbench.figures.spec import Bars
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.traces.interventions import SetCausal

_COLUMNS = (
    *("sentence", "word", "text", "causal", "causal_confidence", "bidirectional", "bidirectional_confidence"),
    "differs",
)
_MOST_BARS = 20


@dataclass(frozen=True)
class MaskRow:
    """One word under both masks: its tag and the probability of the most probable class."""

    sentence: int
    word: int
    text: str
    causal: str
    causal_confidence: float
    bidirectional: str
    bidirectional_confidence: float

    @property
    def differs(self) -> bool:
        """Whether the tag is another one."""
        return self.causal != self.bidirectional


@dataclass(frozen=True, eq=False)
class MaskCost(Explanation):
    """A text under both masks.

    Attributes:
        causal, bidirectional: its sentences with their labels under each.
        trained: "causal" or "bidirectional": the mask in the checkpoint's configuration.
    """

    causal: tuple[Predictions, ...]
    bidirectional: tuple[Predictions, ...]
    trained: str

    TITLE: ClassVar = "The other mask"

    @classmethod
    def of(cls, loaded: Classifier, target: Target, request: Request) -> MaskCost:
        """Of the whole text; see `Explanation.of`."""
        if any(isinstance(change, SetCausal) for change in request.changes):
            raise ValueError("masks shows both masks of the model; leave the change of its mask out")
        return mask_cost(loaded, request.text, request.label_token)

    @cached_property
    def words(self) -> tuple[MaskRow, ...]:
        """Every word of the text."""
        return tuple(
            MaskRow(number, word, one.reading.word(word), *_said(one, word), *_said(other, word))
            for number, (one, other) in enumerate(zip(self.causal, self.bidirectional, strict=True))
            for word in range(len(one.reading.words))
        )

    @property
    def rows(self) -> tuple[MaskRow, ...]:
        """The words whose tag differs."""
        return tuple(row for row in self.words if row.differs)

    def table(self) -> pd.DataFrame:
        """One row per word of the text."""
        frame = pd.DataFrame([[getattr(row, name) for name in _COLUMNS] for row in self.words], columns=list(_COLUMNS))
        return frame.assign(trained=self.trained)

    def printed(self) -> pd.DataFrame:
        """The words whose label differs."""
        frame = self.table().loc[lambda rows: rows["differs"]]
        return frame.drop(columns=["sentence", "word", "differs", "trained"])

    def figure(self) -> Bars:
        """How much less probable a label is under the other mask: the words with the largest change, in their order."""
        losses = pd.Series(self.losses)
        shown = losses.loc[losses.abs().nlargest(_MOST_BARS).index].sort_index()
        rows = [self.words[at] for at in shown.index]
        after = [row.causal if self.other == "causal" else row.bidirectional for row in rows]
        names = tuple(f"{row.text} → {tag}" if row.differs else row.text for row, tag in zip(rows, after, strict=True))
        label = f"probability of the label, {self.trained} − {self.other}"
        return Bars(names, shown.to_numpy(dtype=float), label, f"Labels under the {self.other} mask")

    @property
    def other(self) -> str:
        """The mask that these weights were not trained under."""
        return "causal" if self.trained == "bidirectional" else "bidirectional"

    @cached_property
    def losses(self) -> tuple[float, ...]:
        """For each word: the probability of its label under the trained mask minus that under the other one."""
        own, other = (
            (self.bidirectional, self.causal) if self.trained == "bidirectional" else (self.causal, self.bidirectional)
        )
        return tuple(
            float(one.probs[word, best] - another.probs[word, best])
            for one, another in zip(own, other, strict=True)
            for word, best in enumerate(one.best)
        )

    @property
    def sentence(self) -> str:
        """How many labels change, and that the other mask is not what the weights were trained under."""
        words, rows = len(self.words), len(self.rows)
        how = {
            "causal": "each word is labelled without what follows it",
            "bidirectional": "each word also sees what follows it",
        }[self.other]
        many = f"{rows} of {words} words {'gets' if rows == 1 else 'get'} another label"
        return (
            f"{many if rows else 'No label changes'} under the {self.other} mask, where {how}. These weights were "
            f"trained with the {self.trained} mask; a model trained with the other one would have learned to make do."
        )


def mask_cost(loaded: Classifier, text: str, label_token: str | None = None) -> MaskCost:
    """Label a text with the causal and with the bidirectional mask; `label_token` as in `classify`.

    Raises:
        ValueError: as `classify`.
    """
    rows = readings(loaded, text, label_token)
    causal, bidirectional = (label(loaded, rows, [SetCausal(mask)]) for mask in (True, False))
    return MaskCost(causal, bidirectional, "causal" if loaded.causal else "bidirectional")


def _said(predicted: Predictions, word: int) -> tuple[str, float]:
    return predicted.tags[word], float(predicted.confidence[word])
