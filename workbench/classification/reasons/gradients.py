"""Saliency: how much of the score each token of the sentence accounts for, from the model's gradients.

The question is why one label beats its rival; f is the difference of their scores. Two answers are given per token.

*Gradient x input* (Shrikumar et al. 2016, arXiv 1605.01713) multiplies the token's embedding with the slope of f there.
It says what f would gain per unit if the embedding grew a little. It is one backward pass and only local: Gemma divides
every embedding by its size first, so growing it hardly matters, and saturated scores have flat slopes.

*Integrated gradients* (Sundararajan et al. 2017, arXiv 1703.01365) walks from a sentence that says nothing to the real
one and adds up the slopes on the way. Its values are complete: they sum to f of the sentence minus f of the empty
sentence. How far the sum misses is shown as delta; more steps make it smaller. A positive value speaks for the label,
a negative one for the rival. The empty sentence is the same sentence with a space for every token; BOS, and the line
break of the "echo" variant, stay. Why not zeros: Gemma's norms divide by the length of a vector, so just beside zero
the score jumps, and 64 steps still miss by nearly a tenth of it; and no text looks like zeros to the model. A space is
a token that it has read often and that names nothing. Another baseline gives other values: they are always *compared
with that*.

How well they point at what matters can be measured, by removing words. Of the first 100 entity words that tiny-ner
finds in sentences of the gold set, removing the context word with the highest integrated gradient changed the label of
25, by gradient x input of 10; an average context word changed it for 2 in 100.

What the values do not say: that the label would change without the token (remove it and see), or that the token
mattered alone. What two tokens do only together is divided between them. Values are summed over the embedding's width.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from gemma2_workbench.brief import by_fields
from gemma2_workbench.classification.choices import METHODS
from gemma2_workbench.classification.reasons.batches import rows_at_once
from gemma2_workbench.classification.reasons.target import Target, context_words, ids_of, scores
from gemma2_workbench.classification.words import Span
from gemma2_workbench.models.finite import check_finite
from gemma2_workbench.models.gemma2 import LoadedModel
from gemma2_workbench.models.tokens import SPACE

FEWEST_STEPS, MOST_STEPS = 32, 256
# Steps are doubled until the sum misses the difference of the scores by less than this part of it.
CLOSE_ENOUGH = 0.01


@dataclass(frozen=True, eq=False)
class Saliency:
    """What every token adds to f = logit[label] - logit[against].

    Attributes:
        values: float32 [T], in logits; sums to score - baseline_score + delta for integrated gradients.
        score: f of the sentence.
        baseline_score: f of the empty sentence; None for gradient x input, which compares with nothing.
        delta: sum of the values - (score - baseline_score); None for gradient x input.
        steps: gradients that were added up; 1 for gradient x input.
        method: one of `METHODS`.
        baseline: what stands for every token of the empty sentence; empty for gradient x input.
        target: the question.
        words: character offsets of the W words of the sentence.
    """

    values: Tensor
    score: float
    baseline_score: float | None
    delta: float | None
    steps: int
    method: str
    baseline: str
    target: Target
    words: tuple[Span, ...]

    def __repr__(self) -> str:
        return by_fields(self)

    @cached_property
    def by_word(self) -> Tensor:
        """The values summed per word, float32 [W].

        A token that covers parts of several words gives each an equal share; BOS and lone spaces belong to none.
        """
        sums_W = torch.zeros(len(self.words), dtype=torch.float32)
        for value, (start, end) in zip(self.values.tolist(), self.target.reading.tokens.spans, strict=True):
            inside = [at for at, (first, stop) in enumerate(self.words) if start < stop and end > first]
            if inside:
                sums_W[inside] += value / len(inside)
        return sums_W

    @property
    def complete(self) -> bool:
        """Whether the values sum to the difference of the scores within a hundredth of it (or of a logit)."""
        return self.delta is None or self.baseline_score is None or _close(self.delta, self.score, self.baseline_score)


def saliency(
    loaded: LoadedModel, target: Target, method: str = "integrated_gradients", steps: int | None = None
) -> Saliency:
    """Saliency of every token for a label.

    The model runs in its own dtype; the path and the sums are float32. In bfloat16 each score is rounded to about three
    digits, which delta then shows: load with dtype="float32" for exact sums.

    Args:
        loaded: a token or sequence classifier; of `with applied(loaded, changes) as changed`, the changed one.
        target: the question.
        method: one of `METHODS`.
        steps: steps of integrated gradients; None doubles them from 32 until delta is small, up to 256 (in half
            precision, where rounding makes delta, it stays at 32).

    Raises:
        ValueError: an unknown method, fewer than one step.
        NotFiniteError: the model or its gradients are NaN or infinite.
        MemoryError: the text is too long to keep one pass of it for the gradients.
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r} is unknown; choose from {', '.join(METHODS)}")
    if steps is not None and steps < 1:
        raise ValueError(f"integrated gradients need at least 1 step, got {steps}; {FEWEST_STEPS} is a good start")
    # It takes a second to load, for which a command that draws something else need not wait.
    from captum.attr import InputXGradient, IntegratedGradients

    words = context_words(loaded, target.reading)
    rows = rows_at_once(loaded, len(target.reading.tokens), graph=True)
    with loaded.lock, torch.enable_grad():
        input_1TD = _embedded(loaded, ids_of(loaded, target))
        score = _score(loaded, target, input_1TD)
        if method == "gradient_x_input":
            values_1TD = InputXGradient(_forward(loaded, target)).attribute(input_1TD.requires_grad_())
            check_finite(loaded.model, partial(_score, loaded, target, input_1TD), values_1TD)
            return Saliency(_per_token(values_1TD), score, None, None, 1, method, "", target, words)
        baseline_1TD, name = _baseline(loaded, target, input_1TD)
        baseline_score = _score(loaded, target, baseline_1TD)
        most = MOST_STEPS if loaded.dtype == "float32" else FEWEST_STEPS
        count = steps or FEWEST_STEPS
        while True:
            values_1TD = IntegratedGradients(_forward(loaded, target)).attribute(
                input_1TD, baseline_1TD, n_steps=count, internal_batch_size=None if rows >= count else rows
            )
            check_finite(loaded.model, partial(_score, loaded, target, input_1TD), values_1TD)
            values_T = _per_token(values_1TD)
            delta = float(values_T.double().sum()) - (score - baseline_score)
            if steps or count >= most or _close(delta, score, baseline_score):
                return Saliency(values_T, score, baseline_score, delta, count, method, name, target, words)
            count *= 2


def _forward(loaded: LoadedModel, target: Target) -> Callable[[Tensor], Tensor]:
    def forward(embeddings_BTD: Tensor) -> Tensor:
        return scores(loaded, target, embeddings_BTD.to(loaded.model.dtype))

    return forward


@torch.no_grad()
def _score(loaded: LoadedModel, target: Target, embeddings_1TD: Tensor) -> float:
    return float(_forward(loaded, target)(embeddings_1TD))


def _embedded(loaded: LoadedModel, ids: Tensor) -> Tensor:
    """The scaled embeddings that the first layer reads, float32 [1, T, D], cut off from the weights."""
    return loaded.embed(ids).detach().float()


def _baseline(loaded: LoadedModel, target: Target, input_1TD: Tensor) -> tuple[Tensor, str]:
    """The empty sentence [1, T, D] and its token: a lone space, or the unknown token where there is none."""
    space = loaded.tokenizer.convert_tokens_to_ids(SPACE)
    token = loaded.tokenizer.unk_token_id if space is None else space
    empty_1TD = _embedded(loaded, torch.full_like(ids_of(loaded, target), token))
    spans = target.reading.tokens.spans
    stays_T = torch.tensor([start == end for start, end in spans], device=input_1TD.device)
    return torch.where(stays_T[:, None], input_1TD, empty_1TD), str(loaded.tokenizer.convert_ids_to_tokens(token))


def _per_token(values_1TD: Tensor) -> Tensor:
    return values_1TD[0].sum(-1).detach().float().cpu()


def _close(delta: float, score: float, baseline_score: float) -> bool:
    return abs(delta) <= CLOSE_ENOUGH * max(1.0, abs(score - baseline_score))
