"""Heads: what each attention head does for the label, measured by switching it off; and where it looks meanwhile.

The effect of a head is f of the intact model minus f with that head's output set to zero at every position, all else
as it is. A positive effect: the head speaks for the label, without it the label would be weaker. The other heads and
layers react to the change, and that is part of the effect. Two heads that do the same job can both show no effect,
since each stands in for the other; effects of heads do not add up to f. Zero is also not "nothing" to a model that has
never seen a silent head; a large effect of a head everywhere, whatever the label, may be that.

The weights are the attention that the deciding token (where the label is read; where that is the mean over all tokens
of the word, the mean of what they pay) pays to every token, in each head. They
say where the head looks, not whether it matters there: quite different weights can give the same label, and weights
often disagree with what changes it (Jain & Wallace 2019, "Attention is not Explanation", arXiv 1902.10186). So heads
are ranked by their measured effect, and the weights are shown beside it. The deciding token also learns through other
tokens: what they have read in earlier layers is not in this row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.brief import by_fields
from gemma2_workbench.classification.inputs import Places
from gemma2_workbench.classification.reasons.batches import rows_at_once
from gemma2_workbench.classification.reasons.target import Target, ids_of, scores
from gemma2_workbench.model.hooks import Hook, Span, attached
from gemma2_workbench.models.gemma2 import LoadedModel

Head = tuple[int, int]


@dataclass(frozen=True)
class HeadEffect:
    """One head: its effect in logits, and the keys that the deciding token looks at most: (position, weight)."""

    layer: int
    head: int
    effect: float
    keys: tuple[tuple[int, float], ...]


@dataclass(frozen=True, eq=False)
class HeadEffects:
    """Every head's effect on f, and where it looks. L layers, N heads, T tokens.

    Attributes:
        effects: float32 [L, N], f - f without the head.
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

    def __repr__(self) -> str:
        return by_fields(self)

    def ranked(self, k: int = 10, keys: int = 3) -> tuple[HeadEffect, ...]:
        """The `k` heads with the largest effects, for or against the label, each with its `keys` most regarded keys."""
        heads = self.effects.shape[1]
        order = self.effects.abs().flatten().argsort(descending=True, stable=True)[:k].tolist()
        return tuple(self._head(at // heads, at % heads, keys) for at in order)

    def _head(self, layer: int, head: int, keys: int) -> HeadEffect:
        weights_T = self.weights[layer, head]
        top = weights_T.topk(min(keys, len(weights_T)))
        pairs = tuple(zip(top.indices.tolist(), top.values.tolist(), strict=True))
        return HeadEffect(layer, head, float(self.effects[layer, head]), pairs)


@torch.no_grad()
def head_effects(loaded: LoadedModel, target: Target) -> HeadEffects:
    """Switch off every head of every layer, one at a time, and read f again.

    All at once: row 0 of the batch is the intact sentence, and each layer appends a copy of it per head before that
    head is switched off in the copy, so no layer is computed for a copy that does not differ yet.

    Args:
        loaded: a token or sequence classifier; of `with applied(loaded, changes) as changed`, the changed one.
        target: the question.
    """
    layers, count = loaded.layers, loaded.shape.heads
    cells = [(layer, head) for layer in range(len(layers)) for head in range(count)]
    ids_1T = ids_of(loaded, target)
    at_once = rows_at_once(loaded, ids_1T.shape[1], graph=False)
    weights_LNT = torch.zeros(len(layers), count, ids_1T.shape[1], dtype=torch.float32)
    with loaded.lock:
        watching = {
            loaded.point(layer, "attn_probs"): _row(weights_LNT[layer], target.places) for layer in range(len(layers))
        }
        with attached(loaded.model, watching):
            score = float(scores(loaded, target, ids_1T))
        effects = [
            found
            for start in range(0, len(cells), at_once)
            for found in _effects(loaded, target, ids_1T, cells[start : start + at_once])
        ]
    kinds = tuple(layer.kind for layer in layers)
    effects_LN = torch.tensor(effects, dtype=torch.float32).view(len(layers), count)
    return HeadEffects(effects_LN, weights_LNT, score, kinds, loaded.shape.kv_heads, target)


def _effects(loaded: LoadedModel, target: Target, ids_1T: Tensor, cells: list[Head]) -> list[float]:
    """Intact f - f without the head, for some heads in the order of their layers, in one pass."""
    hooks: dict[str, Hook] = {}
    for layer, heads, first in _by_layer(cells):
        hooks[loaded.point(layer, "resid_pre")] = _copies(len(heads))
        hooks[loaded.point(layer, "head_out")] = _silenced(heads, first)
    with attached(loaded.model, hooks):
        scores_B = scores(loaded, target, ids_1T)
    return (scores_B[0] - scores_B[1:]).tolist()


def _by_layer(cells: list[Head]) -> Iterator[tuple[int, list[int], int]]:
    """For each layer its heads and the row of the batch where their copies start (row 0 is the intact sentence)."""
    for layer in sorted({layer for layer, _ in cells}):
        heads = [head for at, head in cells if at == layer]
        yield layer, heads, 1 + cells.index((layer, heads[0]))


def _copies(count: int) -> Hook:
    def append(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> Tensor:
        return torch.cat((out, out[:1].expand(count, *out.shape[1:])))

    return append


def _silenced(heads: list[int], first: int) -> Hook:
    def silence(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> Tensor:
        changed = out.clone()
        changed[range(first, first + len(heads)), heads] = 0
        return changed

    return silence


def _row(weights_NT: Tensor, places: Places) -> Hook:
    """Adds up the attention that the tokens at `places` pay on average, from the blocks that hold their rows."""

    def copy(_module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
        span: Span = args[1]
        for at in places:
            if at in span.rows:
                paid_NK = out[0, :, at - span.rows.start].float().cpu()
                weights_NT[:, span.keys.start : span.keys.stop] += paid_NK / len(places)

    return copy
