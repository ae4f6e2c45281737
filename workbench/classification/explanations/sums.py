"""Values of tokens summed over words, and over entities."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gemma2_workbench.classification.labels import Entity
from gemma2_workbench.classification.words import Span

Valued = tuple[str, int, float]  # text, index of the (first) token or word, value


def word_sums(values_T: Tensor, tokens: Sequence[Span], words: Sequence[Span]) -> Tensor:
    """The values of each word, float32 [W].

    A token that covers parts of several words gives each an equal share; BOS and lone spaces belong to none.

    Args:
        values_T: value of each token.
        tokens, words: their character offsets.
    """
    sums_W = torch.zeros(len(words), dtype=torch.float32)
    for value, (start, end) in zip(values_T.tolist(), tokens, strict=True):
        inside = [at for at, (first, stop) in enumerate(words) if start < stop and end > first]
        if inside:
            sums_W[inside] += value / len(inside)
    return sums_W


def entity_sums(by_word_W: Tensor, text: str, words: Sequence[Span], found: Sequence[Entity]) -> tuple[Valued, ...]:
    """Each entity as one and every other word by itself, in the order of the text.

    Args:
        by_word_W: value of each word.
        text: the sentence.
        words: character offsets of its words.
        found: its entities.
    """
    inside = {at: (first, stop) for _, first, stop in found for at in range(first, stop)}
    spans = dict.fromkeys(inside.get(at, (at, at + 1)) for at in range(len(words)))
    return tuple(
        (text[words[first][0] : words[stop - 1][1]], first, float(by_word_W[first:stop].sum())) for first, stop in spans
    )
