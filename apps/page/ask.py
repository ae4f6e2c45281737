"""`POST workbench/ask`: a question of the page, answered as lines of JSON while the work goes on.

Lines: any number of {"progress": {"done", "of", "what", "seconds_left"}}, then {"answer": ...} or {"error": sentence}.
Whoever breaks the request off is not waited for: the work stops before the next layer.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any

from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from gemma2_workbench.apps.page.departure import stop_if_gone
from gemma2_workbench.apps.page.questions import Handler, Handlers, Question, sentence_of
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.serving.refusal import Refusal
from gemma2_workbench.models.reading.announced import in_words

# Not every layer of a small model is worth a line.
EVERY_SECONDS = 0.1
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
Line = dict[str, JsonValue]


def ask_route(session: Session, handlers: Handlers) -> Route:
    """The route that answers the questions which `handlers` knows."""

    async def ask(request: Request) -> Any:
        if request.method != "POST":
            return Refusal(405, "questions are posted here as JSON", {"Allow": "POST"}).response()
        try:
            handler, question = handlers.read(await request.json())
        except ValueError as error:  # also JSON that is none
            return Refusal(400, str(error)).response()
        lines = _lines(session, handler, question, request)
        return StreamingResponse(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})

    return Route("/workbench/ask", ask, methods=METHODS)


async def _lines(
    session: Session, handler: Handler[Any], question: Question, request: Request
) -> AsyncIterator[bytes]:  # fmt: skip
    """The lines of one answer; leaving early (the browser has gone) stops the work."""
    told: asyncio.Queue[Line] = asyncio.Queue()
    progress = Progress(asyncio.get_running_loop(), told)
    work = asyncio.create_task(_answered(session, handler, question, request, progress))
    work.add_done_callback(lambda _work: told.put_nowait({}))
    try:
        while line := await told.get():
            yield _encoded(line)
        yield _encoded(work.result())
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def _answered(
    session: Session, handler: Handler[Any], question: Question, request: Request, progress: "Progress"
) -> Line:
    try:
        name = handler.model(question)
        if name is not None:
            await _loaded(session, name, progress)
        answer = partial(handler.answer, session, question, progress)
        if handler.quick:
            return {"answer": await run_in_threadpool(answer)}
        return {"answer": await session.desk.do(answer, request.is_disconnected)}
    except Exception as error:  # whatever it was, the page says a sentence and goes on
        return {"error": sentence_of(error)}


async def _loaded(session: Session, name: str, progress: "Progress") -> None:
    """Wait for a model; which one and how large it is is said first."""
    coming = await run_in_threadpool(session.announced, name)
    if coming is None:
        return
    size = "" if coming.size is None else f", {in_words(coming.size)}"
    progress.say(0, 1, f"loading {name}{size}")

    def tell(done: int, of: int, what: str) -> None:
        progress(done, of, f"{'downloading' if what == 'bytes' else 'loading'} {name}{size}")

    await session.ready(name, tell)


class Progress:
    """Tells a loop, from whatever thread, how far the work is and how long the rest takes at this pace."""

    def __init__(self, loop: asyncio.AbstractEventLoop, told: "asyncio.Queue[Line]") -> None:
        self._loop, self._told = loop, told
        self._since = self._last = time.monotonic()
        self._what = ""

    def __call__(self, done: int, of: int, what: str = "layers") -> None:
        """As `Tell`; between two steps of what is no pass of our model, the work stops here.

        Raises:
            DepartedError: the reader has left.
        """
        stop_if_gone()
        now = time.monotonic()
        if what != self._what:
            self._what, self._since = what, now
        if now - self._last < EVERY_SECONDS and done < of:
            return
        self._last = now
        left = (now - self._since) / done * (of - done) if done else None
        self.say(done, of, what, left)

    def say(self, done: int, of: int, what: str, seconds_left: float | None = None) -> None:
        """One line."""
        line: Line = {"progress": {"done": done, "of": of, "what": what, "seconds_left": seconds_left}}
        self._loop.call_soon_threadsafe(self._told.put_nowait, line)


def _encoded(line: Line) -> bytes:
    return json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"
