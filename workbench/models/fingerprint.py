"""`fingerprint`: whether a model is still the one that was looked at: its weights, settings and hooks."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gemma2_workbench.models.source import Source

SAMPLES = 256
_INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def fingerprint(loaded: Source) -> tuple[object, ...]:
    """Something that differs as soon as what the model computes may differ; compare it with `==`."""
    model = loaded.model
    config = getattr(model, "config", None)
    return (
        loaded.dtype,
        loaded.layers,
        repr(sorted(vars(config).items(), key=lambda item: item[0])) if config is not None else None,
        WeightsState.of(model),
        tuple(hook for module in model.modules() for hook in _hooks(module)),
    )


@dataclass(frozen=True)
class WeightsState:
    """What tells whether weights were changed.

    Attributes:
        kinds: the name, shape and dtype of each parameter, so that an adapter or a replaced layer is seen.
        places: where each lies.
        versions: how often torch changed each in place: `add_`, the step of an optimizer, `load_state_dict`.
        samples: the sum of some of the numbers of each, as integers (exact on every device): a change through `.data`,
            as of peft's merge, is not counted by torch.
    """

    kinds: tuple[tuple[str, tuple[int, ...], torch.dtype], ...]
    places: tuple[int, ...]
    versions: tuple[int, ...]
    samples: tuple[int, ...]

    @classmethod
    def of(cls, model: nn.Module) -> "WeightsState":
        """The state of a model now; weights that lie elsewhere (offloaded) are known by their names alone."""
        named = dict(model.named_parameters())
        here = [_local(weight) for weight in named.values() if weight.device.type != "meta"]
        return cls(
            kinds=tuple((name, tuple(weight.shape), weight.dtype) for name, weight in named.items()),
            places=tuple(weight.data_ptr() for weight in here),
            versions=tuple(weight._version for weight in here),
            samples=_samples(here),
        )

    def changed(self, since: "WeightsState") -> bool:
        """Whether the weights may be others than those of an earlier state; a move to another device is no change."""
        if (self.kinds, self.samples) != (since.kinds, since.samples):
            return True
        pairs = zip(self.places, since.places, self.versions, since.versions, strict=True)
        return any(place == before and version != old for place, before, version, old in pairs)


def _local(weight: Tensor) -> Tensor:
    """The part of a distributed weight that lies here."""
    own = getattr(weight, "to_local", None)
    return weight if own is None else own()


def _samples(weights: list[Tensor]) -> tuple[int, ...]:
    with torch.no_grad():
        sums = [_sampled(weight.detach()).sum(dtype=torch.int64).cpu() for weight in weights]
    return tuple(torch.stack(sums).tolist()) if sums else ()


def _sampled(weight: Tensor) -> Tensor:
    """Some of the numbers, the bits of each read as an integer."""
    return weight.flatten()[:: max(1, weight.numel() // SAMPLES)].view(_INTEGERS[weight.element_size()])


def _hooks(module: nn.Module) -> tuple[object, ...]:
    """The hooks of a module, which may replace what it computes, and its forward where somebody put another one."""
    own = (module.__dict__.get("forward"), module.training)
    return (*module._forward_hooks.values(), *module._forward_pre_hooks.values(), *(own if any(own) else ()))
