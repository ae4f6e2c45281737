"""Work for a reader who has left is not finished: it stops before the next module of whatever model runs for them.

In a pass of ours the stages of each block of rows are modules, so that a layer of a long text stops within it.
"""

from collections.abc import Callable
from concurrent.futures import CancelledError
from contextvars import ContextVar
from threading import Event
from typing import TypeVar

import gradio as gr
from gradio.context import LocalContext

from gemma2_workbench.models.parity.stoppable import stoppable

T = TypeVar("T")
_GONE: ContextVar[Event | None] = ContextVar("gone", default=None)


class DepartedError(gr.Error, CancelledError):
    """The reader has left, and what was asked for is not worked out; nobody is there to be told."""

    def __init__(self) -> None:
        super().__init__("the reader has left", print_exception=False)


def while_wanted(work: Callable[[], T], gone: Event) -> T:
    """Do some work until it is done or `gone` is set.

    Raises:
        DepartedError: it was set before the work was done.
    """
    token = _GONE.set(gone)
    try:
        stop_if_gone()
        with stoppable(stop_if_gone):
            return work()
    finally:
        _GONE.reset(token)


def stop_if_gone() -> None:
    """Stop the work of this thread if nobody wants it any more.

    Raises:
        DepartedError: so it is.
    """
    gone = _GONE.get()
    if gone is not None and gone.is_set():
        raise DepartedError


async def has_left_the_queue() -> bool:
    """Whether the browser that started the current event of gradio's queue has gone away."""
    blocks, event_id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks is None or event_id is None:
        return False
    # Gradio says so to nobody: it only marks the event, whose messages nobody fetches any more.
    event = blocks._queue.event_ids_to_events.get(event_id)
    return event is not None and not event.alive
