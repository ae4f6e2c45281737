"""`Answer`: what is sent to a browser, with the security headers, and no failure of gradio's own making."""

import json

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from gemma2_workbench.apps.serving.headers import add_security

NOT_FITTING = "this could not be answered: what was given does not fit what is asked for here"


class Answer:
    """`send` of one request.

    Gradio answers 500 where a function it called raised anything, also for what its caller gave. Ours check what they
    are given, so such an answer becomes a 400, with the function's sentence if it has one.

    Args:
        send: of the server.
        gradios: whether one of gradio's endpoints answers.
    """

    def __init__(self, send: Send, gradios: bool) -> None:
        self._send, self._gradios = send, gradios
        self._failure: bytes | None = None
        self.begun = False

    async def __call__(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            await self._start(message)
        elif self._failure is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            failure = self._failure = self._failure + message.get("body", b"")
            if not message.get("more_body", False):
                await self._send({"type": "http.response.body", "body": _sentence(failure)})

    async def end(self) -> None:
        """End what has begun."""
        await self._send({"type": "http.response.body", "body": b""})

    async def _start(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        add_security(headers)
        self.begun = True
        if self._gradios and message["status"] == 500:
            self._failure = b""
            message["status"] = 400
            headers["content-type"] = "application/json"
            # The body is another one; how long it is shows when it ends.
            del headers["content-length"]
        await self._send(message)


def _sentence(failure: bytes) -> bytes:
    """A failure of gradio as JSON with one sentence."""
    try:
        found = json.loads(failure).get("error")
    except (ValueError, AttributeError):
        found = None
    return json.dumps({"error": found if isinstance(found, str) and found else NOT_FITTING}).encode()
