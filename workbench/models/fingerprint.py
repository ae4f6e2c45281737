"""`fingerprint`: whether a model is still the one that was looked at: its weights, settings and hooks."""

import torch
from torch import Tensor, nn

from gemma2_workbench.models.source import Source

SAMPLES = 64


def fingerprint(loaded: Source) -> tuple[object, ...]:
    """Something that differs as soon as what the model computes may differ; compare it with `==`.

    Weights are told apart by where they lie, by how often torch changed them, and by the sum of some of their numbers,
    since a change through `.data` is not counted.
    """
    model = loaded.model
    weights = [weight for weight in model.state_dict(keep_vars=True).values() if weight.device.type != "meta"]
    config = getattr(model, "config", None)
    return (
        loaded.dtype,
        loaded.layers,
        repr(sorted(vars(config).items(), key=lambda item: item[0])) if config is not None else None,
        tuple((weight.data_ptr(), weight._version, tuple(weight.shape)) for weight in weights),
        _samples(weights),
        tuple(hook for module in model.modules() for hook in _hooks(module)),
    )


def _samples(weights: list[Tensor]) -> tuple[float, ...]:
    with torch.no_grad():
        sums = [weight.flatten()[:: max(1, weight.numel() // SAMPLES)].double().sum().cpu() for weight in weights]
        return tuple(torch.stack(sums).tolist()) if sums else ()


def _hooks(module: nn.Module) -> tuple[object, ...]:
    """The hooks of a module, which may replace what it computes, and its forward where somebody put another one."""
    own = (module.__dict__.get("forward"), module.training)
    return (*module._forward_hooks.values(), *module._forward_pre_hooks.values(), *(own if any(own) else ()))
