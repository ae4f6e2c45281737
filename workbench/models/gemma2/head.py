"""`with_head`: a new classifier on the trunk of a Gemma 2 model."""

import torch
from torch import nn

from gemma2_workbench.models.gemma2.classes import CLASSIFIERS
from gemma2_workbench.models.gemma2.source import LoadedModel


def with_head(loaded: LoadedModel, kind: str, seed: int) -> nn.Module:
    """A classifier on the trunk and the configuration of `loaded`, which is used up.

    Args:
        loaded: the model.
        kind: what it is to label, "token" or "sequence".
        seed: of its head, which is drawn from Normal(0, initializer_range).
    """
    trunk = loaded.trunk
    # On "meta" nothing is allocated: a second trunk would double the memory.
    with torch.device("meta"):
        model = CLASSIFIERS[kind](loaded.config)
    torch.manual_seed(seed)
    score = nn.Linear(model.score.in_features, model.score.out_features, bias=model.score.bias is not None)
    nn.init.normal_(score.weight, std=loaded.config.initializer_range)
    if score.bias is not None:
        nn.init.zeros_(score.bias)
    model.model, model.score = trunk, score.to(trunk.device)
    return model
