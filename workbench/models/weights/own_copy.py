"""Modules of its own on the same weights: what is changed or watched there, nobody else sees."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)


def own_modules(model: M) -> M:
    """Copy modules and configuration; share the weights. About 0.05 ms per module (600 of them in the 2B model).

    Hooks that somebody has attached are in force in the copy too: the same functions, called with the copy's modules.
    What is attached later to the one is not attached to the other.
    """
    memo = {id(kept): kept for module in model.modules() for kept in _shared(module)}
    return copy.deepcopy(model, memo)


def _shared(module: nn.Module) -> Iterator[Any]:
    """What a copy of this module shares: tensors, functions that are attached, weights that accelerate keeps aside."""
    for name, value in vars(module).items():
        if name in ("_parameters", "_buffers") or name.endswith("_hooks"):
            yield from value.values()
        elif isinstance(value, Tensor):
            yield value
    hook = getattr(module, "_hf_hook", None)
    for part in (hook, *getattr(hook, "hooks", ())):
        yield from (value for value in vars(part or object).values() if isinstance(value, Mapping))
