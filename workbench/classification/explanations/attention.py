"""Attention: where the deciding token looks in one head, and what the head is worth.

The weights are the attention that the deciding token (where the label is read; where that is the mean over all tokens
of the word, the mean of what they pay) pays to every token, in each head. They
say where the head looks, not whether it matters there: quite different weights can give the same label, and weights
often disagree with what changes it (Jain & Wallace 2019, "Attention is not Explanation", arXiv 1902.10186). So
the measured effect of the head is said beside it. The deciding token also learns through other
tokens: what they have read in earlier layers is not in this row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from gemma2_workbench.classification.explanations.explanation import Explanation, asked_in, largest, signed
from gemma2_workbench.classification.explanations.head_ablation import HeadEffects, head_effects
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.figures.spec import Scale, TokenStrip
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.traces.stages import STAGES

_COLUMNS = ("layer", "kind", "head", "key", "token", "weight", "asked", "label", "against")


@dataclass(frozen=True, eq=False)
class Attention(Explanation):
    """Where the deciding token looks in one head.

    Attributes:
        effects: that head's effect (and those of others that were measured), and what all heads look at.
        layer, head: the head.
    """

    effects: HeadEffects
    layer: int
    head: int

    TITLE: ClassVar = "Attention of a head"
    OPTIONS: ClassVar = ("layer", "head")
    STRIP: ClassVar = True

    @classmethod
    def of(cls, loaded: Classifier, target: Target, request: Request) -> Attention:
        """The head of the request, or the one with the largest effect; see `Explanation.of`."""
        if request.layer is not None and request.head is not None:
            return cls(head_effects(loaded, target, [(request.layer, request.head)]), request.layer, request.head)
        effects = head_effects(loaded, target)
        (best,) = effects.ranked(1)
        return cls(effects, best.layer, best.head)

    @property
    def settled(self) -> Mapping[str, int]:
        """See `Explanation.settled`."""
        return {"layer": self.layer, "head": self.head}

    @property
    def about(self) -> str:
        """See `Explanation.about`."""
        return f"attention of layer {self.layer} head {self.head}"

    def table(self) -> pd.DataFrame:
        """One row per key: the attention that the deciding token pays."""
        tokens, weights_T = self.effects.target.reading.tokens.display, self.effects.weights[self.layer, self.head]
        frame = pd.DataFrame({"key": range(len(tokens)), "token": tokens, "weight": weights_T.tolist()})
        frame = frame.assign(layer=self.layer, kind=self.effects.kinds[self.layer], head=self.head)
        return asked_in(frame, _COLUMNS, self.effects.target)

    def printed(self) -> pd.DataFrame:
        """See `Explanation.printed`."""
        return largest(self.table(), "weight", {"weight": "share", "token": "token"})

    def figure(self) -> TokenStrip:
        """The text, coloured by the attention that is paid; keys the mask hides have no colour."""
        weights_T = self.effects.weights[self.layer, self.head].numpy().astype(float)
        scale = Scale("sequential", 0.0, float(weights_T.max()) or 1.0, STAGES["attn_probs"].label, power=0.5)
        kind = self.effects.kinds[self.layer]
        title = f"{self.effects.target.title}, attention of layer {self.layer} ({kind}) head {self.head}"
        tokens = tuple(self.effects.target.reading.tokens.display)
        return TokenStrip(tokens, np.where(weights_T > 0, weights_T, np.nan), scale, title)

    @property
    def sentence(self) -> str:
        """What a row of attention shows, what it does not, and what the head is worth."""
        score = self.effects.score
        without = score - float(self.effects.effects[self.layer, self.head])
        return (
            "Where the token at which the label is read looks in this head. That alone is no reason: without the head "
            f"the score is {signed(without)} instead of {signed(score)}."
        )
