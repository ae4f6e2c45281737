"""What a run is at one moment, and how it is put on disk and taken up again."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn

from gemma2_workbench.atomic import make_folder, replacing
from gemma2_workbench.json_types import JsonObject
from training.recipe import SHAPE, Recipe


@dataclass
class Progress:
    """Counters of a run.

    Attributes:
        step: optimiser steps done.
        seconds: wall-clock seconds spent, over all resumed parts.
        tokens: tokens read.
        ended: seconds at which each stage of the curriculum before the last ended.
    """

    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    ended: list[float] = field(default_factory=list)


def initialise(model: nn.Module, seed: int) -> None:
    """Draws the weights: embeddings 1/sqrt(D), matrices 0.02, gains of the post-norms 0.5.

    With transformers' 0.02 for the embeddings the tokens' own signal drowns under the normed
    outputs of the first layers, and the heads wanted here appear later or not at all.
    """
    torch.manual_seed(seed)
    for name, weight in model.named_parameters():
        if "embed_tokens" in name:
            nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
        elif weight.ndim == 2:
            nn.init.normal_(weight, std=0.02)
        else:
            # Gemma's norms multiply by 1 + weight
            nn.init.constant_(weight, -0.5 if "post_" in name else 0.0)


class Optimisers:
    """Muon for the matrices of the layers, AdamW for embeddings and norm gains."""

    def __init__(self, model: nn.Module, recipe: Recipe):
        named = list(model.named_parameters())
        matrices = [w for n, w in named if w.ndim == 2 and "embed_tokens" not in n]
        vectors = [w for n, w in named if w.ndim != 2 or "embed_tokens" in n]
        self.rates = (recipe.matrix_rate, recipe.vector_rate)
        self.parts = (
            torch.optim.Muon(matrices, lr=recipe.matrix_rate, weight_decay=recipe.matrix_decay, momentum=0.95),
            torch.optim.AdamW(vectors, lr=recipe.vector_rate, betas=(0.9, 0.98), weight_decay=0.0),
        )
        self.vectors = vectors

    def step(self, factor: float) -> None:
        """Applies the gradients with the learning rates times `factor`, then clears them."""
        torch.nn.utils.clip_grad_norm_(self.vectors, 1.0)
        threads = torch.get_num_threads()
        # Muon multiplies many small matrices: a second thread only waits for the first
        torch.set_num_threads(1)
        for part, rate in zip(self.parts, self.rates, strict=True):
            for group in part.param_groups:
                group["lr"] = rate * factor
            part.step()
            part.zero_grad()
        torch.set_num_threads(threads)


def save(path: Path, model: nn.Module, optimisers: Optimisers, progress: Progress) -> None:
    """Writes everything needed to go on, so that a crash never leaves half a file.

    Batches depend on seed and step alone, so no state of a random generator is needed.
    """
    make_folder(path.parent)
    content = {
        "shape": SHAPE,
        "model": model.state_dict(),
        "optimisers": [part.state_dict() for part in optimisers.parts],
        "progress": asdict(progress),
    }
    with replacing(path) as partial:
        torch.save(content, partial)


def read(path: Path) -> JsonObject:
    """Reads what `save` wrote.

    Raises:
        OSError: there is no such file, or it is none of ours.
    """
    if not path.exists():
        raise OSError(f"no training state at {path}; start without --resume")
    content = torch.load(path, weights_only=True, map_location="cpu")
    if not isinstance(content, dict) or "optimisers" not in content:
        raise OSError(f"{path} is no training state")
    return content


def restore(path: Path, model: nn.Module, optimisers: Optimisers) -> Progress:
    """Loads a saved state into model and optimisers, in place, and returns its counters."""
    content = read(path)
    model.load_state_dict(content["model"])
    for part, state in zip(optimisers.parts, content["optimisers"], strict=True):
        part.load_state_dict(state)
    return Progress(**content["progress"])
