"""`fingerprint`: whether a model is still the one that was looked at: its weights, settings and hooks."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.models.source import Source

# Of each weight so many numbers in so many places: a place that is not in the cache takes a microsecond.
SAMPLES, PLACES = 256, 16
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
        adapters: which are on, and how strong.
        parts: of the tensors in which each is kept here: whose it is, where it lies, how often torch changed it in
            place (`add_`, the step of an optimizer, `load_state_dict`), and the sum of some of its numbers, as integers
            (exact on every device): a change through `.data`, as of peft's merge, is not counted by torch.
    """

    kinds: tuple[tuple[str, tuple[int, ...], torch.dtype], ...]
    adapters: tuple[tuple[object, ...], ...]
    parts: tuple[tuple[str, int, int, int], ...]

    @classmethod
    def of(cls, model: nn.Module) -> "WeightsState":
        """The state of a model now; weights that lie elsewhere (offloaded) are known by their names alone."""
        looked = _LOOKED.get()
        if looked is None:
            return cls._now(model)
        if model not in looked:
            looked[model] = cls._now(model)
        return looked[model]

    @classmethod
    def _now(cls, model: nn.Module) -> "WeightsState":
        named = dict(model.named_parameters())
        here = [(name, part) for name, weight in named.items() if not weight.is_meta for part in _parts(weight)]
        sums = _samples([part for _, part in here])
        return cls(
            kinds=tuple((name, tuple(weight.shape), weight.dtype) for name, weight in named.items()),
            adapters=tuple(state for module in model.modules() for state in _adapters(module)),
            parts=tuple(
                (name, part.data_ptr(), part._version, total) for (name, part), total in zip(here, sums, strict=True)
            ),
        )

    def changed(self, since: "WeightsState") -> bool:
        """Whether the weights may be others than those of an earlier state; a move to another place is no change."""
        both = {name for name, *_ in self.parts} & {name for name, *_ in since.parts}
        now, then = ([part for part in state.parts if part[0] in both] for state in (self, since))
        return (
            (self.kinds, self.adapters) != (since.kinds, since.adapters)
            or [total for *_, total in now] != [total for *_, total in then]
            or any(a[1] == b[1] and a[2] != b[2] for a, b in zip(now, then, strict=True))
        )


_LOOKED: ContextVar[dict[nn.Module, WeightsState] | None] = ContextVar("looked", default=None)


@contextmanager
def looked_at_once() -> Iterator[None]:
    """Look at the weights of each model once inside this block, in which nobody changes them; blocks may be nested."""
    if _LOOKED.get() is not None:
        yield
        return
    token = _LOOKED.set({})
    try:
        yield
    finally:
        _LOOKED.reset(token)


def _adapters(module: Any) -> Iterator[tuple[object, ...]]:
    """How the adapters of a layer (peft) are switched."""
    # Asked of the class: a module searches all its tensors for a name that it does not have.
    if isinstance(getattr(type(module), "disable_adapters", None), property):
        strengths = getattr(module, "scaling", {})
        yield module.disable_adapters, *module.active_adapters, *sorted(strengths.items())


def _parts(weight: Tensor) -> Iterator[Tensor]:
    """The plain tensors in which a weight is kept: of a distributed or quantised one, what it is made of."""
    flatten = getattr(weight, "__tensor_flatten__", None)
    if flatten is None:
        yield weight
    else:
        inner = [getattr(weight, name) for name in flatten()[0]]
        yield from (part for each in inner if isinstance(each, Tensor) for part in _parts(each))


def _samples(weights: list[Tensor]) -> tuple[int, ...]:
    with torch.no_grad():
        sums = [_sampled(weight.detach()).sum(dtype=torch.int64).cpu() for weight in weights]
    return tuple(torch.stack(sums).tolist()) if sums else ()


def _sampled(weight: Tensor) -> Tensor:
    """Some of the numbers, the bits of each read as an integer."""
    flat, run = weight.flatten(), SAMPLES // PLACES
    if len(flat) > SAMPLES:
        # An odd step meets other columns in each row.
        step = (len(flat) - run) // (PLACES - 1)
        flat = flat.as_strided((PLACES, run), (step - 1 + step % 2, 1))
    return flat.view(_INTEGERS[weight.element_size()])


def _hooks(module: nn.Module) -> tuple[object, ...]:
    """The hooks of a module, which may replace what it computes, and its forward where somebody put another one."""
    own = (module.__dict__.get("forward"), module.training)
    return (*module._forward_hooks.values(), *module._forward_pre_hooks.values(), *(own if any(own) else ()))
