"""How a target is scored: f of every row of a batch, from ids or from embeddings."""

import torch
from torch import Tensor

from gemma2_workbench.classification.classifier import kind_of
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.classification.inputs import at_words
from gemma2_workbench.classification.reading import Reading
from gemma2_workbench.classification.words import Span, word_spans
from gemma2_workbench.models.classifier import Classifier


def ids_of(loaded: Classifier, target: Target) -> Tensor:
    """The token ids that the model reads, [1, T]."""
    return torch.tensor([target.reading.tokens.ids], device=loaded.device)


def scores(loaded: Classifier, target: Target, inputs: Tensor) -> Tensor:
    """Score f of every row, float32 [B], from ids [B, T] or embeddings [B, T, D], as of `loaded.embed`.

    Raises:
        NotFiniteError: the model computes NaN or infinity; says where first.
    """
    if inputs.is_floating_point():
        return target.scores(loaded.word_scores(ids_of(loaded, target), target.reads, inputs))
    return target.scores(loaded.word_scores(inputs, target.reads))


def word_logits(target: Target, logits_TC: Tensor) -> Tensor:
    """The class scores of the words that are asked about [W, C], from those of every token."""
    return at_words(logits_TC, target.reads)


def context_words(loaded: Classifier, reading: Reading) -> tuple[Span, ...]:
    """Character offsets of the words of a reading; those of the text for a sequence classifier, which labels all of it.

    Returns:
        W spans; for a token classifier `reading.words`.
    """
    return reading.words if kind_of(loaded) == "token" else tuple(word_spans(reading.tokens.text))
