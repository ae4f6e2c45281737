"""transformers' own eager Gemma 2 on the weights of ours, with which its numbers are compared."""

import copy
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from gemma2_workbench.models.parity.long_texts import maps_until_taken
from gemma2_workbench.models.reading.alone import BUILDING
from gemma2_workbench.models.weights import dense


def reference(model: Any) -> nn.Module:
    """Build transformers' model of the same class on the very same weight tensors (no copy), eager attention.

    Linear layers that are not torch's own (quantised, adapted, offloaded, split among processes) are taken as they
    are, without what is hooked to them; norms and embeddings are transformers' own in any case.
    """
    cls = getattr(transformers, type(model).__name__)
    # Not ours, though it is one of theirs: while ours are registered, their classifiers would build our trunk from it.
    config = model.config.as_transformers()
    config._attn_implementation = "eager"
    with BUILDING:
        with torch.device("meta"):
            twin = cls(config)
        for name, theirs in list(twin.named_modules()):
            if next(theirs.parameters(recurse=False), None) is not None:
                _give(twin, name, theirs, model.get_submodule(name))
        # Buffers that are no weights stay on the meta device and have to be made anew.
        trunk, device = twin.base_model, dense.device(model.base_model.embed_tokens)
        trunk.rotary_emb = type(trunk.rotary_emb)(config).to(device)
        trunk.embed_tokens.embed_scale = torch.tensor(config.hidden_size**0.5, dtype=torch.float32, device=device)
        ours = dict(model.named_modules())
        for name, theirs in twin.named_modules():
            _bring(theirs, getattr(ours.get(name), "_hf_hook", None))
    return twin.eval()


def _give(twin: nn.Module, name: str, theirs: nn.Module, ours: nn.Module) -> None:
    """Give a module of the twin the weights of ours, or ours itself where it keeps them in a way of its own."""
    if dense.is_plain(ours):
        theirs.load_state_dict(ours.state_dict(), assign=True)
    elif isinstance(theirs, nn.Linear):
        twin.set_submodule(name, _unhooked(ours))
    elif not any(weight.is_meta for weight in ours.parameters(recurse=False)):
        theirs.load_state_dict({key: _gathered(weight) for key, weight in ours.state_dict().items()}, assign=True)


def _bring(theirs: nn.Module, hook: Any) -> None:
    """Let accelerate bring inputs, and weights that are kept elsewhere, to a module as it does for ours."""
    if hook is not None and not hasattr(theirs, "_hf_hook"):
        from accelerate.hooks import add_hook_to_module

        add_hook_to_module(theirs, copy.copy(hook))


def _unhooked(module: nn.Module) -> nn.Module:
    """The same module without hooks of others, which are of our model alone."""
    own = copy.copy(module)
    own._forward_hooks, own._forward_pre_hooks = OrderedDict(), OrderedDict()
    return own


def _gathered(weight: Any) -> torch.Tensor:
    """A weight that is split among processes, as a whole."""
    return weight.full_tensor() if hasattr(weight, "full_tensor") else weight


def maps(model: nn.Module, ids_1T: Tensor, takers: Mapping[int, Callable[[Tensor], None]]) -> None:
    """Run a reference up to the last layer of `takers`, and hand each its probabilities [N, T, T]."""
    trunk: Any = model.base_model
    modules = {trunk.layers[layer].self_attn: take for layer, take in takers.items()}
    maps_until_taken(lambda: trunk(ids_1T, use_cache=False), modules)
