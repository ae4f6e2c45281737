"""How far the loading of a model is, for whoever asked to be told: bytes of its download, then weights that are read.

The hub and transformers count both already, for progress bars; here their counts go to a function instead.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from io import StringIO
from typing import Any

from tqdm.auto import tqdm
from transformers.utils import logging as transformers_logging

# Done, of how many, and of what: "bytes" or "weights".
Told = Callable[[int, int, str], None]
_TELL: ContextVar[Told | None] = ContextVar("tell_of_loading", default=None)


@contextmanager
def telling(tell: Told) -> Iterator[None]:
    """Tell of what this thread loads until the block ends; threads that download for it call `tell` too."""
    token = _TELL.set(tell)
    transformers_logging.set_tqdm_hook(_counted)
    try:
        yield
    finally:
        _TELL.reset(token)


def download_bar() -> type[tqdm] | None:
    """What `snapshot_download` is to count with; None where nobody asked."""
    tell = _TELL.get()
    if tell is None:
        return None

    class Bar(tqdm):
        """Counts without drawing."""

        def __init__(self, *args: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(*args, **(options | {"file": StringIO(), "disable": False}))

        def update(self, n: float | None = 1) -> bool | None:
            """Count, and tell of bytes."""
            drawn = super().update(n)
            if self.unit == "B" and self.total:
                tell(int(self.n), int(self.total), "bytes")
            return drawn

    return Bar


@contextmanager
def undrawn() -> Iterator[None]:
    """Inside, transformers draws no bar of the tensors that it unpacks of a GGUF file; whoever asked is told of them.

    It makes this one past its own switch for bars. One thread at a time.
    """
    from transformers import modeling_gguf_pytorch_utils as gguf_reader

    drawn = vars(gguf_reader)["tqdm"]
    gguf_reader.__dict__["tqdm"] = _undrawn
    try:
        yield
    finally:
        gguf_reader.__dict__["tqdm"] = drawn


def _undrawn(items: Any, **_options: object) -> Iterable[Any]:
    tell = _TELL.get()
    return items if tell is None else _told(items, tell)


def _counted(bar: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The bar that transformers makes, which tells of weights where this thread asked for it."""
    tell = _TELL.get()
    if tell is None or not args:
        return bar(*args, **options)
    return _told(args[0], tell)


def _told(items: Any, tell: Told) -> Iterator[Any]:
    for at, item in enumerate(items):
        yield item
        tell(at + 1, len(items), "weights")
