"""Gradients of the score with respect to the embeddings: integrated gradients and gradient x input, by captum.

Letters: B batch, T tokens, D model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from gemma2_workbench.classification.explanations.batches import rows_at_once
from gemma2_workbench.classification.explanations.scoring import ids_of, scores
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.models.parity.finite import check_finite
from gemma2_workbench.models.tokens import SPACES

FEWEST_STEPS, MOST_STEPS = 32, 256
# Steps are doubled until the sum misses the difference of the scores by less than this part of it.
CLOSE_ENOUGH = 0.01


@dataclass(frozen=True, eq=False)
class Attribution:
    """The values of the T tokens and how they came about; the fields are those of `Saliency`."""

    values: Tensor
    score: float
    baseline_score: float | None
    delta: float | None
    steps: int
    baseline: str


def gradient_x_input(loaded: Classifier, target: Target) -> Attribution:
    """Embedding times gradient of f, summed over the width.

    Raises:
        NotFiniteError: the model or its gradients are NaN or infinite.
        MemoryError: the text is too long to keep one pass of it for the gradients.
    """
    from captum.attr import InputXGradient

    rows_at_once(loaded, len(target.reading.tokens), graph=True)
    with loaded.lock, torch.enable_grad():
        input_1TD = _embedded(loaded, ids_of(loaded, target))
        score = _score(loaded, target, input_1TD)
        values_1TD = InputXGradient(_forward(loaded, target)).attribute(input_1TD.requires_grad_())
        check_finite(loaded.model, partial(_score, loaded, target, input_1TD), values_1TD)
        return Attribution(_per_token(values_1TD), score, None, None, 1, "")


def integrated_gradients(loaded: Classifier, target: Target, steps: int | None) -> Attribution:
    """Gradients of f along the straight path from the empty sentence; `steps` as of `saliency`. Raises as above."""
    # It takes a second to load, for which a command that draws something else need not wait.
    from captum.attr import IntegratedGradients

    rows = rows_at_once(loaded, len(target.reading.tokens), graph=True)
    with loaded.lock, torch.enable_grad():
        ids_1T = ids_of(loaded, target)
        empty_1T, name = empty_ids(loaded, target)
        input_1TD, baseline_1TD = _embedded(loaded, ids_1T), _embedded(loaded, empty_1T)
        score, baseline_score = (_score(loaded, target, one) for one in (input_1TD, baseline_1TD))
        most = MOST_STEPS if loaded.dtype == "float32" else FEWEST_STEPS
        count = steps or FEWEST_STEPS
        while True:
            values_1TD = IntegratedGradients(_forward(loaded, target)).attribute(
                input_1TD, baseline_1TD, n_steps=count, internal_batch_size=None if rows >= count else rows
            )
            check_finite(loaded.model, partial(_score, loaded, target, input_1TD), values_1TD)
            values_T = _per_token(values_1TD)
            delta = float(values_T.double().sum()) - (score - baseline_score)
            if steps or count >= most or is_close(delta, score, baseline_score):
                return Attribution(values_T, score, baseline_score, delta, count, name)
            count *= 2


def empty_ids(loaded: Classifier, target: Target) -> tuple[Tensor, str]:
    """The empty sentence [1, T], and its token: a lone space; where there is none, what stands for nothing known.

    Tokens that stand for no characters (BOS, the line break of "echo") stay.
    """
    tokenizer = loaded.tokenizer
    spaces = [tokenizer.convert_tokens_to_ids(piece) for piece in SPACES]
    known = [token for token in spaces if token not in (None, tokenizer.unk_token_id)]
    others = [tokenizer.mask_token_id, tokenizer.unk_token_id, tokenizer.pad_token_id]
    token = next((token for token in (*known, *others) if token is not None), None)
    if token is None:
        raise ValueError(f"the tokenizer of {loaded.name} has no space, mask, unknown or padding token to compare with")
    ids_1T = ids_of(loaded, target)
    stays_T = torch.tensor([start == end for start, end in target.reading.tokens.spans], device=ids_1T.device)
    empty_1T = torch.where(stays_T, ids_1T, torch.full_like(ids_1T, token))
    return empty_1T, str(loaded.tokenizer.convert_ids_to_tokens(token))


def is_close(delta: float, score: float, baseline_score: float) -> bool:
    """Whether the values sum to the difference of the scores, all but a hundredth of it (or of a logit)."""
    return abs(delta) <= CLOSE_ENOUGH * max(1.0, abs(score - baseline_score))


def _forward(loaded: Classifier, target: Target) -> Callable[[Tensor], Tensor]:
    def forward(embeddings_BTD: Tensor) -> Tensor:
        return scores(loaded, target, embeddings_BTD.to(getattr(torch, loaded.dtype)))

    return forward


@torch.no_grad()
def _score(loaded: Classifier, target: Target, embeddings_1TD: Tensor) -> float:
    return float(_forward(loaded, target)(embeddings_1TD))


def _embedded(loaded: Classifier, ids: Tensor) -> Tensor:
    """The embeddings that the model reads, float32 [1, T, D], cut off from the weights."""
    return loaded.embed(ids).detach().float()


def _per_token(values_1TD: Tensor) -> Tensor:
    return values_1TD[0].sum(-1).detach().float().cpu()
