"""One pass for many heads, each switched off in a row of its own."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from gemma2_workbench.classification.explanations.scoring import ids_of, scores
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.model.hooks import Hook, attached
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.traces.interventions.ablate import ablated

Head = tuple[int, int]


def effects_of(loaded: Classifier, target: Target, cells: Sequence[Head]) -> list[float]:
    """Intact f - f without the head, for some heads in the order of their layers, in one pass.

    Row 0 of the batch is the intact sentence. Where rows may join, each layer appends a copy of it per head before that
    head is switched off in the copy, so no layer is computed for a copy that does not differ yet.
    """
    ids_BT = ids_of(loaded, target)
    hooks: dict[str, Hook] = {}
    for layer, heads, first in _by_layer(cells):
        if loaded.rows_may_join:
            hooks[loaded.point(layer, "resid_pre")] = _copies(len(heads))
        hooks[loaded.point(layer, "head_out")] = _silenced(heads, first)
    if not loaded.rows_may_join:
        ids_BT = ids_BT.expand(1 + len(cells), -1)
    with attached(loaded.model, hooks):
        scores_B = scores(loaded, target, ids_BT)
    return (scores_B[0] - scores_B[1:]).tolist()


def _by_layer(cells: Sequence[Head]) -> Iterator[tuple[int, list[int], int]]:
    """For each layer its heads and the row of the batch where their copies start (row 0 is the intact sentence)."""
    for layer in sorted({layer for layer, _ in cells}):
        heads = [head for at, head in cells if at == layer]
        yield layer, heads, 1 + cells.index((layer, heads[0]))


def _copies(count: int) -> Hook:
    def append(_module: nn.Module, _args: tuple[object, ...], out: Tensor) -> Tensor:
        return torch.cat((out, out[:1].expand(count, *out.shape[1:])))

    return append


def _silenced(heads: list[int], first: int) -> Hook:
    def silence(_module: nn.Module, _args: tuple[object, ...], out: Tensor) -> Tensor:
        rows = [ablated(out[first + at : first + at + 1], [head]) for at, head in enumerate(heads)]
        return torch.cat((out[:first], *rows, out[first + len(heads) :]))

    return silence
