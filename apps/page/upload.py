"""`POST workbench/trace?name=FILE`: a saved trace that a reader opens in the page; its bytes are the body.

Answers {"trace": id of its run}, which shows it as long as the server keeps it, to whoever is given the id.
"""

import tempfile
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gemma2_workbench import Trace
from gemma2_workbench.apps.page.ask import METHODS
from gemma2_workbench.apps.page.questions import FAILURES
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.serving.refusal import Refusal
from gemma2_workbench.traces.file import load_trace

ENDING = ".safetensors"
LONGEST_NAME = 200


def upload_route(session: Session) -> Route:
    """The route that takes traces."""

    async def take(request: Request) -> Response:
        try:
            if request.method != "POST":
                raise Refusal(405, "traces are posted here", {"Allow": "POST"})
            trace = await _read(request, _name(request))
        except Refusal as refusal:
            return refusal.response()
        return JSONResponse({"trace": session.store.add(trace)})

    return Route("/workbench/trace", take, methods=METHODS)


def _name(request: Request) -> str:
    """The name of the file, without any folder."""
    name = Path(request.query_params.get("name", "")[:LONGEST_NAME]).name
    if not name.endswith(ENDING) or not name.isprintable():
        raise Refusal(400, f"{name or 'this'} is no trace: choose a file that ends in {ENDING}")
    return name


async def _read(request: Request, name: str) -> Trace:
    """The trace of a body, which the gate keeps from growing too large."""
    with tempfile.TemporaryDirectory(prefix="trace-") as folder:
        file = Path(folder, "trace" + ENDING)
        try:
            with file.open("wb") as opened:
                async for chunk in request.stream():
                    await run_in_threadpool(opened.write, chunk)
            return await run_in_threadpool(load_trace, file)
        except HTTPException as error:
            raise Refusal(error.status_code, error.detail) from error
        except FAILURES as error:
            # The reader knows the name of the file, not where the server keeps its copy.
            raise Refusal(400, str(error).replace(str(file), name).replace(file.name, name)) from error
