"""`class_logits`: the class scores of every token of many sentences, in as few forward passes as memory allows.

Letters: B batch, T tokens, D model, C classes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gemma2_workbench.classification.inputs import Encoded, collate
from gemma2_workbench.models.finite import check_finite

# Padded tokens per forward pass: short sentences share one, the longest of all still fits into memory.
TOKENS_PER_PASS = 2048
Progress = Callable[[list[list[int]]], Iterable[list[int]]]


@torch.no_grad()
def class_logits(model: Any, encoded: Sequence[Encoded], pad: int | None, progress: Progress = iter) -> list[Tensor]:
    """Class scores of every token of every sentence, float32 [T, C] each on the CPU, in the order given.

    The head is applied to every token here, not by `model.forward`, which for a sequence classifier keeps only the last
    token's scores.

    Args:
        model: a token or sequence classifier, in eval mode.
        encoded: what to read.
        pad: id of the padding token.
        progress: wraps the list of forward passes, as tqdm does.

    Raises:
        NotFiniteError: the model computes NaN or infinity; says where first.
    """
    logits: list[Tensor] = [torch.empty(0, dtype=torch.float32)] * len(encoded)
    for chosen in progress(_passes([len(row.ids) for row in encoded])):
        inputs = collate([encoded[at] for at in chosen], pad or 0)
        inputs = {name: tensor.to(model.device) for name, tensor in inputs.items()}
        logits_BTC = _pass(model, inputs).float().cpu()
        for row, at in enumerate(chosen):
            logits[at] = logits_BTC[row, : len(encoded[at].ids)]
    return logits


def _pass(model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """Class scores of one forward pass, [B, T, C]."""

    def run() -> tuple[Tensor, Tensor]:
        hidden_BTD = model.base_model(**inputs, use_cache=False).last_hidden_state
        return hidden_BTD, model.score(hidden_BTD)

    hidden_BTD, logits_BTC = run()
    check_finite(model, run, hidden_BTD, logits_BTC)
    return logits_BTC


def _passes(lengths: list[int]) -> list[list[int]]:
    """Indices of the sentences of each forward pass: those of like length together, the padding counted."""
    groups: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not groups or (len(groups[-1]) + 1) * lengths[at] > TOKENS_PER_PASS:
            groups.append([])
        groups[-1].append(at)
    return groups
