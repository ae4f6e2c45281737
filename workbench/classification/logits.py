"""`class_logits`: the class scores of every token of many sentences, in as few forward passes as memory allows.

Letters: B batch, T tokens, C classes.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from gemma2_workbench.classification.inputs import Encoded, collate

# Padded tokens per forward pass: short sentences share one, the longest of all still fits into memory.
TOKENS_PER_PASS = 2048
# The class scores [B, T, C] of ids and keep [B, T].
Scorer = Callable[[Tensor, Tensor], Tensor]
Progress = Callable[[list[list[int]]], Iterable[list[int]]]


@torch.no_grad()
def class_logits(
    scores: Scorer, encoded: Sequence[Encoded], pad: int | None, progress: Progress = iter
) -> list[Tensor]:
    """Class scores of every token of every sentence, float32 [T, C] each on the CPU, in the order given.

    Args:
        scores: `token_scores` of a classifier.
        encoded: what to read.
        pad: id of the padding token.
        progress: wraps the list of forward passes, as tqdm does.

    Raises:
        NotFiniteError: the model computes NaN or infinity; says where first.
    """
    logits: list[Tensor] = [torch.empty(0, dtype=torch.float32)] * len(encoded)
    for chosen in progress(_passes([len(row.ids) for row in encoded])):
        inputs = collate([encoded[at] for at in chosen], pad or 0)
        logits_BTC = scores(inputs["input_ids"], inputs["attention_mask"]).float().cpu()
        for row, at in enumerate(chosen):
            logits[at] = logits_BTC[row, : len(encoded[at].ids)]
    return logits


def _passes(lengths: list[int]) -> list[list[int]]:
    """Indices of the sentences of each forward pass: those of like length together, the padding counted."""
    groups: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not groups or (len(groups[-1]) + 1) * lengths[at] > TOKENS_PER_PASS:
            groups.append([])
        groups[-1].append(at)
    return groups
