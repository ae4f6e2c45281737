"""`RefusedError`: what a model does that cannot be shown exactly, in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


class RefusedError(ValueError):
    """Part of a model cannot be shown as it is; the message says which, and why."""


@contextmanager
def staying_as_it_is(model: nn.Module) -> Iterator[None]:
    """Refuse a model that becomes another one by what it reads inside: BigBird lets go of its sparse attention.

    Raises:
        RefusedError: it does.
    """
    before = [type(module) for module in model.modules()]
    yield
    if before != [type(module) for module in model.modules()]:
        raise RefusedError("it changes its own attention for good when it reads a short text")
