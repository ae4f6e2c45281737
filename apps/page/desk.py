"""`Desk`: where questions that take long wait for their turn, without a thread each.

Gradio and starlette answer from pools of threads. A question that waited in one of them for another's would keep its
thread from everybody; here it is a coroutine that waits, and routes and quick answers go on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial, wraps
from threading import Event
from typing import Any, TypeAlias, TypeVar

import gradio as gr

from gemma2_workbench.apps.allocator import WhenIdle
from gemma2_workbench.apps.page.departure import DepartedError, has_left_the_queue, while_wanted

T = TypeVar("T")
HasLeft: TypeAlias = Callable[[], Awaitable[bool]]
MOST_WAITING = 128
# How often is looked whether who asked is still there.
EVERY_SECONDS = 0.25
# Of the events whose handlers take their turn at a desk: they do not wait in gradio's queue as well.
MODEL: dict[str, Any] = {"concurrency_limit": None, "api_visibility": "private"}


class BusyError(gr.Error):
    """Too many wait already."""

    def __init__(self, waiting: int) -> None:
        super().__init__(
            f"{waiting} questions are waiting for the server already; ask again in a while", print_exception=False
        )


class Desk:
    """Answers one question after the other, in the order in which they came.

    Args:
        most: how many may wait.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="desk")
        self._open: set[Event] = set()
        self._idle = WhenIdle()

    async def do(self, work: Callable[[], T], has_left: HasLeft = has_left_the_queue) -> T:
        """The result of `work`, when its turn has come; where who asked has left, it is dropped or stopped.

        Raises:
            BusyError: too many wait.
            DepartedError: who asked has left.
        """
        if len(self._open) > self._most:
            raise BusyError(self._most)
        if await has_left():
            raise DepartedError
        gone = Event()
        self._open.add(gone)
        self._idle.stop()
        # With the context: gradio knows from it whose progress is told.
        future = asyncio.wrap_future(self._pool.submit(copy_context().run, while_wanted, work, gone))
        try:
            while not (await asyncio.wait([future], timeout=EVERY_SECONDS))[0]:
                if await has_left():
                    raise DepartedError
            return future.result()
        finally:
            gone.set()
            future.cancel()  # where it only waits
            self._open.discard(gone)
            if not self._open:
                self._idle.done()

    def in_turn(self, handler: Callable[..., T]) -> Callable[..., Awaitable[T]]:
        """A handler of gradio's events that does its work when its turn has come."""

        @wraps(handler)
        async def waiting(*values: Any) -> T:
            return await self.do(partial(handler, *values))

        return waiting

    def close(self) -> None:
        """Stop what is being worked out and drop what waits: the server ends."""
        for gone in list(self._open):
            gone.set()
        self._idle.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
