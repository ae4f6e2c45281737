"""Faithfulness: how much of the score goes when the tokens that the saliency ranks highest are blanked.

If a saliency points at what matters, blanking its top tokens must cost the label more than blanking as many random
ones (deletion curves: Samek et al. 2017, arXiv 1509.06321; DeYoung et al. 2020, arXiv 1911.03429, call the drop
comprehensiveness). Blanked tokens become the token of the empty text that integrated gradients compare with, a space,
so the sentence keeps its length. Only tokens that the deciding token can see count, without those of the word itself;
tokens that stand for the same characters (both copies of "echo", the bytes of one character) go together. A drop is
f as it is minus f with the tokens blanked, in log-odds. Shares are rounded up, to at least one token.

What it does not say: a curve need not rise, since blanking more can bring the label back; and a blanked sentence is
unlike any text, so part of each drop, of random tokens too, comes from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from gemma2_workbench.classification.classifier import kind_of
from gemma2_workbench.classification.explanations.batches import rows_at_once
from gemma2_workbench.classification.explanations.explanation import Explanation, asked_in, named_columns, signed
from gemma2_workbench.classification.explanations.gradients import empty_ids
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.saliency import Saliency, saliency
from gemma2_workbench.classification.explanations.scoring import ids_of, scores
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.figures.spec import Curve, Series
from gemma2_workbench.models.classifier import Classifier

PERCENTS = (1, 3, 5, 10, 20)
DRAWS = 100
_SEED = 0
_NUMBERS = ("percent", "tokens", "of", "text", "drop", "random_mean", "random_10", "random_90")
_COLUMNS = (*_NUMBERS, "method", "asked", "label", "against", "score")
Unit = tuple[int, ...]


@dataclass(frozen=True)
class Drop:
    """What blanking a share of the tokens costs.

    Attributes:
        percent: the share.
        tokens, of: how many tokens that is, of how many.
        text: the tokens with the highest saliency, which were blanked.
        drop: f as it is minus f without them, in logits.
        random_mean: the same for random tokens, on average.
        random_10, random_90: below which a tenth, and above which another tenth, of the random draws lie.
    """

    percent: int
    tokens: int
    of: int
    text: str
    drop: float
    random_mean: float
    random_10: float
    random_90: float


@dataclass(frozen=True, eq=False)
class Faithfulness(Explanation):
    """The drops of a saliency.

    Attributes:
        rows: one per share, in order.
        draws: random draws per share.
        baseline: what a token is replaced by.
        saliency: whose ranking is judged.
    """

    rows: tuple[Drop, ...]
    draws: int
    baseline: str
    saliency: Saliency

    TITLE: ClassVar = "Is the saliency faithful?"
    OPTIONS: ClassVar = ("method",)
    MADE_BY: ClassVar = ("captum",)

    @classmethod
    def of(cls, loaded: Classifier, target: Target, request: Request) -> Faithfulness:
        """See `Explanation.of`."""
        return faithfulness(loaded, saliency(loaded, target, request.method))

    def table(self) -> pd.DataFrame:
        """One row per share."""
        frame = pd.DataFrame([[getattr(row, name) for name in _NUMBERS] for row in self.rows], columns=list(_NUMBERS))
        known = {"method": self.saliency.method, "score": self.saliency.score}
        return asked_in(frame.assign(**known), _COLUMNS, self.saliency.target)

    def printed(self) -> pd.DataFrame:
        """See `Explanation.printed`; from the smallest share on."""
        named = {"percent": "%", "tokens": "tokens", "drop": "drop", "random_mean": "random", "random_10": "10 %"}
        named |= {"random_90": "90 %", "text": "blanked"}
        return named_columns(self.table(), named)

    def figure(self) -> Curve:
        """The drop over the share of tokens, beside that of random tokens with the band of their middle 80 %."""
        frame = self.table()
        lines = {
            "drop": "highest saliency",
            "random_mean": "random, mean",
            "random_10": "random, 10 %",
            "random_90": "random, 90 %",
        }
        x = frame["percent"].to_numpy(dtype=float)
        series = tuple(Series(name, x, frame[column].to_numpy(dtype=float)) for column, name in lines.items())
        target = self.saliency.target
        y_label = f"drop of {target.score_name} (logits)"
        return Curve(series, "tokens blanked (%)", y_label, f"{target.title}, tokens blanked")

    @property
    def sentence(self) -> str:
        """What the largest drop is against chance, and at how many shares the saliency beats it."""
        row = max(self.rows, key=lambda row: row.drop)
        many = "1 token" if row.tokens == 1 else f"{row.tokens} tokens"
        better = sum(row.drop > row.random_90 for row in self.rows)
        return (
            f"Blanking the {many} with the highest saliency ({row.percent} % of {row.of}) moves the score by "
            f"{signed(-row.drop)}, as many random ones by {signed(-row.random_mean)} on average. The saliency costs "
            f"more than nine in ten random draws at {better} of {len(self.rows)} shares."
        )


@torch.no_grad()
def faithfulness(loaded: Classifier, found: Saliency, draws: int = DRAWS) -> Faithfulness:
    """Blank the tokens with the highest saliency, and as many random ones.

    Args:
        loaded: the classifier that the saliency is of, under the same changes.
        found: the saliency.
        draws: seeded random draws per share.

    Raises:
        ValueError: fewer than one draw, or there is no token to blank.
    """
    if draws < 1:
        raise ValueError(f"faithfulness needs at least 1 random draw, got {draws}")
    target = found.target
    units = _units(loaded, target)
    if not units:
        raise ValueError("there is no token to blank: the label is read without any other word in sight")
    ranked = sorted(units, key=lambda unit: -float(found.values[list(unit)].sum()))
    random = torch.Generator().manual_seed(_SEED)
    orders = [torch.randperm(len(units), generator=random).tolist() for _ in range(draws)]
    counts = [-(-percent * len(units) // 100) for percent in PERCENTS]
    sets = [frozenset(ranked[:count]) for count in counts]
    sets += [frozenset(units[at] for at in order[:count]) for count in counts for order in orders]
    empty_1T, baseline = empty_ids(loaded, target)
    each = list(dict.fromkeys(sets))
    known = dict(zip(each, torch.cat(list(_drops(loaded, target, each, empty_1T))).tolist(), strict=True))
    drops = np.array([known[blanked] for blanked in sets])
    top, chance = drops[: len(counts)], drops[len(counts) :].reshape(len(counts), draws)
    tokens = target.reading.tokens.display
    rows = tuple(
        Drop(
            percent,
            count,
            len(units),
            " ".join(tokens[unit[0]] for unit in ranked[:count]),
            float(top[at]),
            float(chance[at].mean()),
            *(float(limit) for limit in np.quantile(chance[at], (0.1, 0.9))),
        )
        for at, (percent, count) in enumerate(zip(PERCENTS, counts, strict=True))
    )
    return Faithfulness(rows, draws, baseline, found)


def _units(loaded: Classifier, target: Target) -> list[Unit]:
    """Positions of the tokens that may be blanked; those that stand for the same characters are one unit."""
    last = max(target.positions) if loaded.causal else len(target.reading.tokens)
    first, stop = (0, 0) if kind_of(loaded) == "sequence" else target.span
    units: dict[tuple[int, int], list[int]] = {}
    for at, (start, end) in enumerate(target.reading.tokens.spans):
        own = start < stop and end > first
        if start < end and not own and at <= last:
            units.setdefault((start, end), []).append(at)
    return [tuple(positions) for positions in units.values()]


def _drops(loaded: Classifier, target: Target, sets: Sequence[frozenset[Unit]], empty_1T: Tensor) -> Iterator[Tensor]:
    """F as it is minus f with each set of units blanked, as many sets at once as memory allows."""
    ids_1T = ids_of(loaded, target)
    at_once = rows_at_once(loaded, ids_1T.shape[1], graph=False)
    with loaded.lock:
        intact_1 = scores(loaded, target, ids_1T)
        for start in range(0, len(sets), at_once):
            some = sets[start : start + at_once]
            ids_BT = ids_1T.repeat(len(some), 1)
            for row, units in zip(ids_BT, some, strict=True):
                blank = [at for unit in units for at in unit]
                row[blank] = empty_1T[0, blank]
            yield (intact_1 - scores(loaded, target, ids_BT)).cpu()
