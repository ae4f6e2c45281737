"""`Gate`: the middleware in front of all routes of a page, ours and gradio's.

In this order a request is refused for an address that makes no sense, a foreign name, a foreign site, no account, a
route that the page does not use, or too much; see the modules of this room. Plain ASGI, so that streams stay streams.
Gradio answers CORS preflights in front of it; they hold nothing, and what follows one is checked here.
"""

import logging
import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from gemma2_workbench.apps.serving.access import Access, check_origin
from gemma2_workbench.apps.serving.accounts import Accounts
from gemma2_workbench.apps.serving.answer import Answer
from gemma2_workbench.apps.serving.body import checked
from gemma2_workbench.apps.serving.limits import MAX_QUERY, OURS, PER_SECOND, SAVED_UP, AtOnce, Buckets, cost
from gemma2_workbench.apps.serving.refusal import Refusal

LOG = logging.getLogger("gemma2_workbench.serving")
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
GRADIO = "/gradio_api/"
# Asked for once by gradio itself, at the start and without an account.
STARTUP = f"{GRADIO}startup-events"
# Routes of gradio that no page of ours uses: recordings, streams, other servers, sign-in of its own, its developers'.
CLOSED = re.compile(
    r"/(gradio_api/)?(monitoring|login/?$|logout|deep_link|process_recording|proxy=|stream/|custom_component|"
    r"run-history|runs|dev/|file[=/]https?:|docs|redoc)",
    re.IGNORECASE,
)


class Gate:
    """Who is let through to `app`, the rest of a page's server.

    Args:
        app: what answers.
        access: who may come in.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access
        self._accounts, self._at_once = Accounts(access.accounts), AtOnce()
        # On the user's own machine nobody else could be kept waiting.
        self._buckets = None if access.private else Buckets(SAVED_UP, PER_SECOND)
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse one request."""
        if scope["type"] == "http":
            await self._answer(scope, receive, Answer(send, scope["path"].startswith(GRADIO)))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "no page of this server uses websockets"})
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        headers, path = Headers(scope=scope), scope["path"]
        try:
            client = self._admitted(scope, headers)
            with self._at_once.one_more(client):
                await self._app(scope, await checked(scope, headers, receive), answer)
        except Refusal as refusal:
            await refusal.response()(scope, receive, answer)
        except Exception as error:
            # A stream has begun: gradio says in it what is wrong, as that it knows no such session, and breaks it off.
            if answer.begun and isinstance(error.__cause__, HTTPException):
                await answer.end()
            elif answer.begun:
                raise
            else:
                await _refused(path, error).response()(scope, receive, answer)

    def _admitted(self, scope: Scope, headers: Headers) -> str:
        """Who asks, as a user or as an address; or a refusal."""
        method, path = scope["method"], scope["path"]
        _check_address(method, path, scope["query_string"])
        _check_slashes(scope)
        self._access.check_host(headers)
        check_origin(headers, method)
        address = (scope.get("client") or ("",))[0]
        starting = path == STARTUP and not self._started
        self._started = self._started or starting
        client = self._accounts.user(headers, address) if self._accounts and not starting else address
        if CLOSED.match(path):
            raise Refusal(404, "there is nothing at this address")
        if self._buckets is not None:
            _spend(self._buckets, client, cost(method, path))
        return client


def _check_address(method: str, path: str, query: bytes) -> None:
    """Refuse what no part of a page could be asked.

    Raises:
        Refusal: 405, 414 or 400.
    """
    if method not in METHODS:
        raise Refusal(405, f"the method must be one of {', '.join(METHODS)}", {"Allow": ", ".join(METHODS)})
    if len(query) > MAX_QUERY or len(path) > MAX_QUERY:
        raise Refusal(414, "the address is too long; a long text is typed into the page")
    if not path.isprintable() or "\N{REPLACEMENT CHARACTER}" in path:
        raise Refusal(400, "the path of the address is not readable as UTF-8 text")


def _check_slashes(scope: Scope) -> None:
    """Send a path of several slashes at its start, as addresses put together by hand have, to the one that is meant.

    Raises:
        Refusal: 308. The way there is relative, because a proxy may serve the page below a path of its own.
    """
    asked = scope.get("raw_path") or scope["path"].encode()
    meant = asked.lstrip(b"/")
    more = len(asked) - len(meant) - 1
    if more > 0:
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        to = b"../" * more + meant + query
        raise Refusal(308, "one slash is enough at the start of a path", {"Location": to.decode("latin-1")})


def _spend(buckets: Buckets, client: str, price: int) -> None:
    """Have a client pay for a request.

    Raises:
        Refusal: 429.
    """
    wait = buckets.wait(client, price) if price else 0
    if wait:
        sentence = f"that was much in a short time; try again in {wait} seconds"
        raise Refusal(429, sentence, {"Retry-After": str(wait)})
    buckets.take(client, price)


def _refused(path: str, error: Exception) -> Refusal:
    """What is said of an error that nobody caught. Its own words, which may name files, go to the log only."""
    said: dict[str, object] = {"path": path[:200], "kind": type(error).__name__, "words": str(error)[:200]}
    # Our own routes check what they are given, gradio's raise what comes for data and names that are none of theirs.
    if not path.startswith(OURS):
        LOG.warning("refused %(path)r: %(kind)s: %(words)s", said)
        return Refusal(400, "this does not fit what the page asks of its server at this address")
    LOG.error("failed at %(path)r", said, exc_info=error)
    return Refusal(500, "the server failed at this; its log says how. Please report it")
