"""How a target is scored: f of every row of a batch, from ids or from embeddings."""

import torch
from torch import Tensor

from gemma2_workbench.classification.classifier import kind_of
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.classification.inputs import at_words
from gemma2_workbench.classification.reading import Reading
from gemma2_workbench.classification.words import Span, word_spans
from gemma2_workbench.models.finite import check_finite
from gemma2_workbench.models.gemma2 import LoadedModel


def ids_of(loaded: LoadedModel, target: Target) -> Tensor:
    """The token ids that the model reads, [1, T]."""
    return torch.tensor([target.reading.tokens.ids], device=loaded.device)


def scores(loaded: LoadedModel, target: Target, inputs: Tensor) -> Tensor:
    """Score f of every row, float32 [B], from ids [B, T] or embeddings [B, T, D] (already scaled by sqrt(D)).

    Raises:
        NotFiniteError: the model computes NaN or infinity; says where first.
    """

    def run() -> tuple[Tensor, Tensor]:
        hidden_BTD = loaded.run(inputs)
        words = [loaded.class_scores(hidden_BTD[:, list(positions)]).float().mean(1) for positions in target.reads]
        return hidden_BTD, torch.stack(words, 1)

    hidden_BTD, logits_BWC = run()
    check_finite(loaded.model, run, hidden_BTD, logits_BWC)
    return target.scores(logits_BWC)


def word_logits(target: Target, logits_TC: Tensor) -> Tensor:
    """The class scores of the words that are asked about [W, C], from those of every token."""
    return at_words(logits_TC, target.reads)


def context_words(loaded: LoadedModel, reading: Reading) -> tuple[Span, ...]:
    """Character offsets of the words of a reading; those of the text for a sequence classifier, which labels all of it.

    Returns:
        W spans; for a token classifier `reading.words`.
    """
    return reading.words if kind_of(loaded) == "token" else tuple(word_spans(reading.tokens.text))
