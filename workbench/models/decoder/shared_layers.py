"""`unshared`: a layer that stands for several, as ALBERT's, made as many modules on the same weights."""

from typing import Any

from torch import nn
from transformers import AlbertConfig

from gemma2_workbench.models.weights.own_copy import own_modules


def unshared(model: Any) -> Any:
    """The model, or a copy in which every layer is a module of its own: the same numbers, and a map for each.

    ALBERT (arXiv 1909.11942) runs each group of its layers as often as its configuration says.
    """
    config = model.config
    if not isinstance(config, AlbertConfig) or config.num_hidden_groups == config.num_hidden_layers:
        return model
    ours = own_modules(model)
    trunk = ours.base_model.encoder
    each = config.num_hidden_layers / config.num_hidden_groups
    groups = [trunk.albert_layer_groups[int(at / each)] for at in range(config.num_hidden_layers)]
    trunk.albert_layer_groups = nn.ModuleList(own_modules(group) for group in groups)
    for part in (ours.config, trunk.config):
        part.num_hidden_groups = config.num_hidden_layers
    return ours
