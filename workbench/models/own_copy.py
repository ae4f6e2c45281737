"""A model of the same weights with modules of its own: what is changed or watched there, nobody else sees."""

import copy
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from gemma2_workbench.models.loading import LoadedModel


def own_copy(loaded: LoadedModel) -> LoadedModel:
    """Copy modules, configuration and lock; share the weights. About 0.05 ms per module (600 of them in the 2B model).

    Hooks that somebody has attached are in force in the copy too: the same functions, called with the copy's modules.
    What is attached later to the one is not attached to the other.
    """
    with loaded.lock:  # the hooks of another thread's run are not to be copied
        memo = {id(kept): kept for module in loaded.model.modules() for kept in _shared(module)}
        model = copy.deepcopy(loaded.model, memo)
    return replace(loaded, model=model, lock=threading.RLock())


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
