"""Masks: the same weights with and without sight of later words.

Gemma reads from left to right: a token sees itself and what comes before. A word's label then rests on its past only:
"Washington" is labelled before the model knows whether "said" or "state" follows. With the bidirectional mask every
token sees both sides. Both are the same weights under another mask, so the table shows which labels need what follows.

What it does not show: the weights were trained under one of the two masks, the one in the checkpoint's configuration.
The other one shows what *these* weights lose by it, not how well a model would do that had been trained with it: that
model would have learned to make do. How such models compare is answered by training them (see the model card).
In local layers the window also differs a little: `window` keys up to the token itself, or `window` on each side.
"""

from dataclasses import dataclass
from functools import cached_property

from gemma2_workbench.classification.labelled import Classification, Labelled, classify
from gemma2_workbench.models.gemma2 import LoadedModel
from gemma2_workbench.traces.interventions import SetCausal


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
class MaskCost:
    """A text under both masks.

    Attributes:
        causal, bidirectional: its labels under each.
        trained: "causal" or "bidirectional": the mask in the checkpoint's configuration.
    """

    causal: Classification
    bidirectional: Classification
    trained: str

    @cached_property
    def words(self) -> tuple[MaskRow, ...]:
        """Every word of the text."""
        return tuple(
            MaskRow(number, word, one.reading.word(word), *_said(one, word), *_said(other, word))
            for number, (one, other) in enumerate(zip(self.causal.sentences, self.bidirectional.sentences, strict=True))
            for word in range(len(one.reading.words))
        )

    @property
    def rows(self) -> tuple[MaskRow, ...]:
        """The words whose tag differs."""
        return tuple(row for row in self.words if row.differs)


def mask_cost(loaded: LoadedModel, text: str, label_token: str | None = None) -> MaskCost:
    """Label a text with the causal and with the bidirectional mask; `label_token` as in `classify`.

    Raises:
        ValueError: as `classify`.
    """
    trained = "causal" if loaded.causal else "bidirectional"
    causal = classify(loaded, text, interventions=[SetCausal(True)], label_token=label_token)
    bidirectional = classify(loaded, text, interventions=[SetCausal(False)], label_token=label_token)
    return MaskCost(causal, bidirectional, trained)


def _said(labelled: Labelled, word: int) -> tuple[str, float]:
    return labelled.tags[word], float(labelled.confidence[word])
