"""`stoppable`: a pass that can be ended from outside between two of its modules, whatever model it is of."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

Between: TypeAlias = Callable[[], object]


@contextmanager
def stoppable(between: Between | None) -> Iterator[None]:
    """Call `between` before each module that this thread runs inside the block; what it raises ends the pass.

    By torch's hook of all modules: a reference is built for each comparison, by each family in its own way, and a stage
    that had a hook of its own would be computed as one that somebody reads.
    """
    if between is None:
        yield
        return
    thread = threading.get_ident()

    def hook(_module: nn.Module, _args: tuple[object, ...]) -> None:
        if threading.get_ident() == thread:
            between()

    handle = register_module_forward_pre_hook(hook)
    try:
        yield
    finally:
        handle.remove()
