"""Saliency: how much of the score each token of the sentence accounts for, from the model's gradients.

The question is why one label beats its rival; f is the difference of their scores. Two answers are given per token.

*Gradient x input* (Shrikumar et al. 2016, arXiv 1605.01713) multiplies the token's embedding with the slope of f there.
It says what f would gain per unit if the embedding grew a little. It is one backward pass and only local: Gemma divides
every embedding by its size first, so growing it hardly matters, and saturated scores have flat slopes.

*Integrated gradients* (Sundararajan et al. 2017, arXiv 1703.01365) walks from a sentence that says nothing to the real
one and adds up the slopes on the way. Its values are complete: they sum to f of the sentence minus f of the empty
sentence. How far the sum misses is shown as delta; more steps make it smaller. A positive value speaks for the label,
a negative one for the rival. The empty sentence is the same sentence with a space for every token; BOS, and the line
break of the "echo" variant, stay. Why not zeros: Gemma's norms divide by the length of a vector, so just beside zero
the score jumps, and 64 steps still miss by nearly a tenth of it; and no text looks like zeros to the model. A space is
a token that it has read often and that names nothing. Another baseline gives other values: they are always *compared
with that*.

How well they point at what matters can be measured, by removing words. Of the first 100 entity words that tiny-ner
finds in sentences of the gold set, removing the context word with the highest integrated gradient changed the label of
25, by gradient x input of 10; an average context word changed it for 2 in 100.

What the values do not say: that the label would change without the token (remove it and see), or that the token
mattered alone. What two tokens do only together is divided between them. Values are summed over the embedding's width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd
from torch import Tensor

from gemma2_workbench.brief import by_fields
from gemma2_workbench.classification.choices import METHODS, UNITS
from gemma2_workbench.classification.explanations.explanation import Explanation, asked_in, largest, signed
from gemma2_workbench.classification.explanations.gradients import (
    FEWEST_STEPS,
    gradient_x_input,
    integrated_gradients,
    is_close,
)
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.scoring import context_words
from gemma2_workbench.classification.explanations.sums import Valued, entity_sums, word_sums
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.classification.words import Span
from gemma2_workbench.figures.spec import Panel, Scale, TokenStrip
from gemma2_workbench.models.classifier import Classifier

_TITLES = {"integrated_gradients": "integrated gradients", "gradient_x_input": "gradient × input"}
_COLUMNS = ("per", "at", "text", "value", "method", "asked", "label", "against", "score", "baseline_score", "delta")


@dataclass(frozen=True, eq=False)
class Saliency(Explanation):
    """What every token adds to f = logit[label] - logit[against].

    Attributes:
        values: float32 [T], in logits; sums to score - baseline_score + delta for integrated gradients.
        score: f of the sentence.
        baseline_score: f of the empty sentence; None for gradient x input, which compares with nothing.
        delta: sum of the values - (score - baseline_score); None for gradient x input.
        steps: gradients that were added up; 1 for gradient x input.
        method: one of `METHODS`.
        baseline: what stands for every token of the empty sentence; empty for gradient x input.
        target: the question.
        words: character offsets of the W words of the sentence.
        per: what the table and the figure are of, one of `UNITS`.
    """

    values: Tensor
    score: float
    baseline_score: float | None
    delta: float | None
    steps: int
    method: str
    baseline: str
    target: Target
    words: tuple[Span, ...]
    per: str = "token"

    TITLE: ClassVar = "Integrated gradients, gradient × input"
    OPTIONS: ClassVar = ("method", "per")
    STRIP: ClassVar = True
    SIGNED: ClassVar = True
    MADE_BY: ClassVar = ("captum",)

    def __repr__(self) -> str:
        return by_fields(self)

    @classmethod
    def of(cls, loaded: Classifier, target: Target, request: Request) -> Saliency:
        """See `Explanation.of`."""
        return saliency(loaded, target, request.method, per=request.per)

    @cached_property
    def by_word(self) -> Tensor:
        """The values summed per word, float32 [W].

        A token that covers parts of several words gives each an equal share; BOS and lone spaces belong to none.
        """
        return word_sums(self.values, self.target.reading.tokens.spans, self.words)

    @cached_property
    def units(self) -> tuple[Valued, ...]:
        """Each entity of the sentence as one and every other word by itself: text, first word, sum of the values."""
        return entity_sums(self.by_word, self.target.reading.tokens.text, self.words, self.target.entities)

    @property
    def complete(self) -> bool:
        """Whether the values sum to the difference of the scores within a hundredth of it (or of a logit)."""
        return (
            self.delta is None or self.baseline_score is None or is_close(self.delta, self.score, self.baseline_score)
        )

    def table(self, per: str | None = None) -> pd.DataFrame:
        """One row per token, per word, or per entity and other word; all under one another with `per="all"`.

        `at` is the index of the token or of the (first) word; `baseline_score` and `delta` are empty for gradient x
        input.

        Args:
            per: one of `UNITS`; None is the `per` of this saliency.

        Raises:
            ValueError: it is none of them.
        """
        per = checked_unit(self.per if per is None else per)
        parts = [
            pd.DataFrame(
                {"per": unit, "at": [at for _, at, _ in rows], "text": [text for text, _, _ in rows]}
                | {"value": [value for _, _, value in rows]}
            )
            for unit in (UNITS[:-1] if per == "all" else (per,))
            for rows in (self._rows(unit),)
        ]
        frame = pd.concat(parts, ignore_index=True)
        known = {
            name: float("nan") if given is None else given
            for name, given in (("baseline_score", self.baseline_score), ("delta", self.delta))
        }
        return asked_in(frame.assign(method=self.method, score=self.score, **known), _COLUMNS, self.target)

    def printed(self) -> pd.DataFrame:
        """See `Explanation.printed`."""
        frame = self.table()
        head = frame["per"].iloc[0] if self.per != "all" else "text"
        named = {"value": "logits"} | ({"per": "per"} if self.per == "all" else {}) | {"text": head}
        shown = largest(frame, "value", named)
        return shown.assign(logits=shown["logits"].map(signed))

    def figure(self, per: str | None = None) -> Panel:
        """The text, each token, word or entity coloured by its value: red is for the label, blue for its rival.

        Raises:
            ValueError: three units are no picture.
        """
        per = self.per if per is None else per
        if per == "all":
            raise ValueError(f"all units are a table; for a figure choose per one of {', '.join(UNITS[:-1])}")
        rows = self._rows(checked_unit(per))
        values = np.array([value for _, _, value in rows], dtype=float)
        scale = Scale.of(values, f"{self.target.score_name} (logits)", "diverging")
        return TokenStrip(
            tuple(text for text, _, _ in rows), values, scale, f"{self.target.title}, {_TITLES[self.method]}"
        )

    @property
    def sentence(self) -> str:
        """What the values are compared with, and how completely they add up."""
        total = float(self.values.sum())
        if self.baseline_score is None or self.delta is None:
            return (
                f"An estimate from one gradient: the values sum to {signed(total)} and need not reach the score. "
                "It compares with nothing; integrated gradients compare with an empty text and add up."
            )
        difference = self.score - self.baseline_score
        share = abs(self.delta) / max(abs(difference), 1e-9)
        verdict = "small enough to trust the split" if self.complete else "so the split is only rough"
        return (
            f"Compared with an empty text ({self.baseline!r} for every token), whose score is "
            f"{signed(self.baseline_score)}. The values sum to {signed(total)}, the scores differ by "
            f"{signed(difference)}: an error of {signed(self.delta, 3)} ({share:.1%}) after "
            f"{self.steps} steps, {verdict}."
        )

    def _rows(self, unit: str) -> tuple[Valued, ...]:
        """Text, index and value of each token, word or entity."""
        if unit == "entity":
            return self.units
        tokens = self.target.reading.tokens
        words = unit == "word"
        texts = [tokens.text[start:end] for start, end in self.words] if words else list(tokens.display)
        values = (self.by_word if words else self.values).tolist()
        return tuple(zip(texts, range(len(texts)), values, strict=True))


def saliency(
    loaded: Classifier,
    target: Target,
    method: str = "integrated_gradients",
    steps: int | None = None,
    per: str = "token",
) -> Saliency:
    """Saliency of every token for a label.

    The model runs in its own dtype; the path and the sums are float32. In bfloat16 each score is rounded to about three
    digits, which delta then shows: load with dtype="float32" for exact sums.

    Args:
        loaded: a token or sequence classifier; of `with applied(loaded, changes) as changed`, the changed one.
        target: the question.
        method: one of `METHODS`.
        steps: steps of integrated gradients; None doubles them from 32 until delta is small, up to 256 (in half
            precision, where rounding makes delta, it stays at 32).
        per: what its table and figure are of; the values of tokens, words and entities are there in any case.

    Raises:
        ValueError: an unknown method or unit, fewer than one step.
        NotFiniteError: the model or its gradients are NaN or infinite.
        MemoryError: the text is too long to keep one pass of it for the gradients.
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r} is unknown; choose from {', '.join(METHODS)}")
    if steps is not None and steps < 1:
        raise ValueError(f"integrated gradients need at least 1 step, got {steps}; {FEWEST_STEPS} is a good start")
    words = context_words(loaded, target.reading)
    simple = method == "gradient_x_input"
    found = gradient_x_input(loaded, target) if simple else integrated_gradients(loaded, target, steps)
    return Saliency(**vars(found), method=method, target=target, words=words, per=checked_unit(per))


def checked_unit(per: str) -> str:
    """One of `UNITS`.

    Raises:
        ValueError: it is none of them.
    """
    if per not in UNITS:
        raise ValueError(f"per={per!r} is not allowed; choose from {', '.join(UNITS)}")
    return per
