"""Reading models without progress bars, load reports and notes on every attempt, which would end up in the output."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.utils import logging as hub_logging
from transformers.utils import logging as transformers_logging

_lock = threading.Lock()
_inside = 0
_before = (True, 0, 0)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence transformers and the hub; several threads may be inside at once, the last one out restores all."""
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _before
    with _lock:
        _inside += 1
        if _inside == 1:
            bars = transformers_logging.is_progress_bar_enabled()
            _before = (bars, transformers_logging.get_verbosity(), hub_logging.get_verbosity())
            transformers_logging.disable_progress_bar()
            transformers_logging.set_verbosity(logging.CRITICAL)
            hub_logging.set_verbosity_error()


def _leave() -> None:
    global _inside
    with _lock:
        _inside -= 1
        if not _inside:
            bars, verbosity, hub_verbosity = _before
            hub_logging.set_verbosity(hub_verbosity)
            transformers_logging.set_verbosity(verbosity)
            if bars:
                transformers_logging.enable_progress_bar()
