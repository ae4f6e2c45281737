"""Heads: what each attention head does for the label, measured by switching it off.

The effect of a head is f of the intact model minus f with that head's output set to zero at every position, all else
as it is. A positive effect: the head speaks for the label, without it the label would be weaker. The other heads and
layers react to the change, and that is part of the effect. Two heads that do the same job can both show no effect,
since each stands in for the other; effects of heads do not add up to f. Zero is also not "nothing" to a model that has
never seen a silent head; a large effect of a head everywhere, whatever the label, may be that.

The switching off is `AblateHeads`, the intervention of all runs. Where a head looks meanwhile is beside its effect
(`attention`). Heads are ranked by their measured effect, since where a head looks says nothing of whether it matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from gemma2_workbench.brief import by_fields
from gemma2_workbench.classification.explanations.attention_paid import attention_paid
from gemma2_workbench.classification.explanations.batches import rows_at_once
from gemma2_workbench.classification.explanations.explanation import Explanation, asked_in, largest, signed
from gemma2_workbench.classification.explanations.head_pass import Head, effects_of
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.figures.spec import HeadGrid, Scale
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.traces.interventions import AblateHeads
from gemma2_workbench.traces.interventions.intervention import check_places

_COLUMNS = (
    *("layer", "kind", "head", "kv_head", "effect", "top_key", "top_token", "top_weight"),
    *("asked", "label", "against", "score"),
)


@dataclass(frozen=True)
class HeadEffect:
    """One head: its effect in logits, and the keys that the deciding token looks at most: (position, weight)."""

    layer: int
    head: int
    effect: float
    keys: tuple[tuple[int, float], ...]


@dataclass(frozen=True, eq=False)
class HeadEffects(Explanation):
    """Every head's effect on f, and where it looks. L layers, N heads, T tokens.

    Attributes:
        effects: float32 [L, N], f - f without the head; NaN for heads that were not asked for.
        weights: float32 [L, N, T], attention that the deciding token pays; 0 where the mask hides a key.
        score: f of the intact model.
        kinds: what kind each layer is.
        kv_heads: key/value heads; head n reads key/value head n // (N / kv_heads).
        target: the question.
    """

    effects: Tensor
    weights: Tensor
    score: float
    kinds: tuple[str, ...]
    kv_heads: int
    target: Target

    TITLE: ClassVar = "Heads switched off"
    SIGNED: ClassVar = True

    def __repr__(self) -> str:
        return by_fields(self)

    @classmethod
    def of(cls, loaded: Classifier, target: Target, request: Request) -> HeadEffects:
        """See `Explanation.of`."""
        return head_effects(loaded, target)

    def ranked(self, k: int = 10, keys: int = 3) -> tuple[HeadEffect, ...]:
        """The `k` heads with the largest effects, for or against the label, each with its `keys` most regarded keys."""
        heads = self.effects.shape[1]
        sizes = self.effects.abs().flatten().nan_to_num(-1)
        measured = int((sizes >= 0).sum())
        order = sizes.argsort(descending=True, stable=True)[: min(k, measured)].tolist()
        return tuple(self._head(at // heads, at % heads, keys) for at in order)

    def table(self) -> pd.DataFrame:
        """One row per head, the largest effect first, with the key that the deciding token looks at most."""
        tokens = self.target.reading.tokens.display
        shared = self.effects.shape[1] // self.kv_heads
        rows = [
            (row.layer, self.kinds[row.layer], row.head, row.head // shared, row.effect, key, tokens[key], weight)
            for row in self.ranked(self.effects.numel(), keys=1)
            for key, weight in row.keys
        ]
        frame = pd.DataFrame(rows, columns=list(_COLUMNS[:8]))
        return asked_in(frame.assign(score=self.score), _COLUMNS, self.target)

    def printed(self) -> pd.DataFrame:
        """See `Explanation.printed`."""
        named = {"effect": "logits", "layer": "layer", "head": "head", "kind": "kind"}
        shown = largest(self.table(), "effect", named | {"top_token": "looks most at", "top_weight": "share"})
        return shown.assign(logits=shown["logits"].map(signed))

    def figure(self) -> HeadGrid:
        """The effects on the grid of heads, red for the label, blue against it; no colour where none was measured."""
        wide_LN = self.effects.numpy().astype(float)
        return HeadGrid(
            values=wide_LN,
            kinds=self.kinds,
            group=wide_LN.shape[1] // self.kv_heads,
            scale=Scale.of(wide_LN[~np.isnan(wide_LN)], f"effect on {self.target.score_name} (logits)", "diverging"),
            title=f"{self.target.title}, each head switched off",
            text=wide_LN.shape[1] <= 8,
        )

    @property
    def sentence(self) -> str:
        """What an effect is, and that effects do not add up."""
        return (
            f"Each head was set to zero in turn. Positive (red): the score {signed(self.score)} falls without it. "
            "Heads can stand in for each other, so effects do not add up."
        )

    def _head(self, layer: int, head: int, keys: int) -> HeadEffect:
        weights_T = self.weights[layer, head]
        top = weights_T.topk(min(keys, len(weights_T)))
        pairs = tuple(zip(top.indices.tolist(), top.values.tolist(), strict=True))
        return HeadEffect(layer, head, float(self.effects[layer, head]), pairs)


@torch.no_grad()
def head_effects(loaded: Classifier, target: Target, heads: Sequence[Head] | None = None) -> HeadEffects:
    """Switch off every head of every layer, one at a time, and read f again.

    All at once, as many as memory allows (`head_pass`).

    Args:
        loaded: a token or sequence classifier; of `with applied(loaded, changes) as changed`, the changed one.
        target: the question.
        heads: (layer, head) of those to switch off; None is all of them.

    Raises:
        ValueError: there is no such head, or none is named, or none can be switched off.
    """
    layers, count = loaded.layers, loaded.shape.heads
    if not all(layer.staged for layer in layers):
        raise ValueError(f"{loaded.name} shows {loaded.tier}; no head of it can be switched off")
    cells = [(at, head) for at, layer in enumerate(layers) if layer.softmax for head in range(count)]
    if heads is not None:
        change = AblateHeads(tuple(heads))
        check_places(change, len(layers), count)
        cells = sorted(change.heads)
    at_once = rows_at_once(loaded, len(target.reading.tokens), graph=False)
    effects_LN = torch.full((len(layers), count), torch.nan, dtype=torch.float32)
    with loaded.lock:
        score, weights_LNT = attention_paid(loaded, target)
        for start in range(0, len(cells), at_once):
            some = cells[start : start + at_once]
            for cell, effect in zip(some, effects_of(loaded, target, some), strict=True):
                effects_LN[cell] = effect
    kinds = tuple(layer.kind for layer in layers)
    return HeadEffects(effects_LN, weights_LNT, score, kinds, loaded.shape.kv_heads, target)
