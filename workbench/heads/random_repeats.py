"""`score_heads`: what every head does on random tokens that come twice, so that the scores depend on no sentence.

Sequences of random tokens with a copy of themselves behind them, after Olsson et al. 2022 (arXiv 2209.11895): nothing
but the copy tells what comes next, so attention on what followed the last time is induction and nothing else.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.heads.head_scores import HeadScores
from gemma2_workbench.heads.scores import LENGTH, SEQUENCES, scores_of
from gemma2_workbench.limits import whole
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.folds import FOLDS
from gemma2_workbench.traces.interventions import Intervention, applied
from gemma2_workbench.traces.reader import Batch, Progress, read
from gemma2_workbench.traces.readers.folds import FoldsReader
from gemma2_workbench.traces.trace import ModelInfo

_READ = ("previous_token", "induction", "duplicate_token", "first_token", "self_attention", "entropy")
# Tokens that go through the model together: so many maps of a layer are a few megabytes, as are their folds.
_BATCH_TOKENS = 1024


def score_heads(
    loaded: Source,
    sequences: int = SEQUENCES,
    length: int = LENGTH,
    seed: int = 0,
    *,
    interventions: Sequence[Intervention] = (),
    progress: Progress | None = None,
) -> HeadScores:
    """Score every head on sequences of `length` random tokens, each with its copy behind it.

    A layer whose window holds fewer than `length` keys does not see the copied token's first place: its induction and
    duplicate scores are then near 0.

    Args:
        loaded: a model from `load`; it needs no language-model head.
        sequences: how many; the standard error falls with the square root of it.
        length: random tokens before they repeat, none of them twice and none of them special.
        seed: of the random tokens; the same seed and tokenizer give the same sequences.
        interventions: changes to the model.
        progress: called with (layers done, layers) of all batches together; what it raises ends the run.

    Raises:
        ValueError: a number that cannot be, or a sequence that is too long for the model or its vocabulary.
        NotFiniteError: the model computes NaN or infinity.
    """
    sequences, length = whole("sequences", sequences, 1), whole("length", length, 2)
    model, seed = ModelInfo.of(loaded), whole("seed", seed, 0)
    texts = random_repeats(loaded.tokenizer, sequences, length, seed)
    tokens, longest = len(texts[0]), loaded.shape.longest
    if tokens > longest:
        raise ValueError(f"length={length} gives {tokens} tokens; {loaded.name} takes at most {longest}")
    size = max(1, _BATCH_TOKENS // tokens)
    batches = [texts[start : start + size] for start in range(0, sequences, size)]
    found: dict[str, list[np.ndarray]] = {}
    with applied(loaded, interventions) as changed:
        layers = changed.layers
        for number, batch in enumerate(batches):
            done = None if progress is None else _after(progress, number * len(layers), len(batches) * len(layers))
            for folds in _folds(changed, batch, done):
                for name, score_LN in scores_of(folds, layers).items():
                    found.setdefault(name, []).append(score_LN)
    means = {name: np.mean(each, axis=0) for name, each in found.items()}
    errors = {name: _standard_error(np.stack(each)) for name, each in found.items()}
    return HeadScores(
        model, layers, loaded.shape.kv_heads, sequences, length, seed, tuple(interventions), means, errors
    )


def random_repeats(tokenizer: Any, sequences: int, length: int, seed: int) -> list[list[int]]:
    """Sequences of token ids: the beginning of sequence if the tokenizer has one, random tokens, the same again.

    Raises:
        ValueError: the vocabulary has fewer than `length` ordinary tokens.
    """
    ordinary, chance = _ordinary(tokenizer), torch.Generator().manual_seed(seed)
    if length > len(ordinary):
        raise ValueError(f"length={length} is more than the {len(ordinary)} ordinary tokens of the vocabulary")
    first = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    drawn = (ordinary[torch.randperm(len(ordinary), generator=chance)[:length]].tolist() for _ in range(sequences))
    return [[*first, *part, *part] for part in drawn]


@lru_cache(maxsize=2)
def _ordinary(tokenizer: Any) -> Tensor:
    """The ids of a vocabulary that are neither special nor added."""
    odd = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    return torch.tensor(sorted(set(tokenizer.get_vocab().values()) - odd))


def _folds(loaded: Source, texts: Sequence[Sequence[int]], progress: Progress | None) -> Iterator[dict[str, Tensor]]:
    """The folds of every text of a batch."""
    batch = Batch.of(texts, loaded)
    reader = FoldsReader(loaded, batch, [fold for fold in FOLDS if fold.name in _READ])
    read(loaded, batch, [reader], progress)
    return (reader.reading(text) for text in range(len(texts)))


def _after(progress: Progress, before: int, layers: int) -> Progress:
    """Progress of one batch as part of all."""
    return lambda done, _: progress(before + done, layers)


def _standard_error(scores_BLN: np.ndarray) -> np.ndarray:
    """Standard error of the mean over B sequences, [L, N]; NaN for one."""
    B = len(scores_BLN)
    return scores_BLN.std(0, ddof=1) / B**0.5 if B > 1 else np.full(scores_BLN.shape[1:], np.nan)
