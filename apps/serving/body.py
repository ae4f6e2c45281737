"""What is posted to a page: no larger than it may be, JSON where it is no form, and no errand for the server."""

import json
import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

from gemma2_workbench.apps.serving.limits import ENVELOPE, MAX_BODY, MAX_UPLOAD, UPLOAD
from gemma2_workbench.apps.serving.refusal import Refusal

_FOREIGN = re.compile(r"\s*https?:", re.IGNORECASE)


async def checked(scope: Scope, headers: Headers, receive: Receive) -> Receive:
    """`receive` of a request whose body may be read by what comes behind the gate.

    A file is counted while it is received, everything else is read here.

    Raises:
        Refusal: 413, or 400 for what is no JSON, or for a file that the server should fetch from elsewhere.
    """
    if scope["method"] != "POST":
        return receive
    if scope["path"].startswith(UPLOAD):
        _check_announced(headers, MAX_UPLOAD + ENVELOPE)
        return _counted(receive, MAX_UPLOAD + ENVELOPE)
    _check_announced(headers, MAX_BODY)
    body = await _read(_counted(receive, MAX_BODY))
    if body and not headers.get("content-type", "").startswith("multipart/"):
        _check_json(body)
    return _again(body, receive)


def _check_announced(headers: Headers, most: int) -> None:
    """Refuse what is said to be too large before it is sent."""
    announced = headers.get("content-length")
    if announced is None:
        return
    if not (announced.isascii() and announced.isdecimal()):
        raise Refusal(400, "the Content-Length of the request is no number")
    if len(announced) > 15 or int(announced) > most:
        raise Refusal(413, _too_large(most))


def _counted(receive: Receive, most: int) -> Receive:
    """`receive` that breaks off where more than `most` bytes come."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            # Of the kind that gradio's routes let through.
            raise HTTPException(413, _too_large(most))
        return message

    return counted


async def _read(receive: Receive) -> bytes:
    """The whole body."""
    parts: list[bytes] = []
    while True:
        try:
            message = await receive()
        except HTTPException as error:
            raise Refusal(error.status_code, error.detail) from error
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _check_json(body: bytes) -> None:
    """Refuse what is no JSON, and files by address: gradio would fetch them, and nothing here asks the network."""
    try:
        unseen: list[object] = [json.loads(body)]
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "what was sent is no JSON that this server reads") from error
    while unseen:
        value = unseen.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str) and _FOREIGN.match(path):
                raise Refusal(400, "this server fetches no files from elsewhere; upload the file itself")
            unseen += value.values()
        elif isinstance(value, list):
            unseen += value


def _again(body: bytes, receive: Receive) -> Receive:
    """`receive` of a body that was read already, and then of what comes behind it, as that its sender left."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _too_large(most: int) -> str:
    return f"this is larger than the {most >> 20} MB that may be sent here"
