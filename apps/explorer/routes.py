"""Binary routes: maps and thumbnails as raw bytes, which Gradio's JSON is too slow for.

`GET /attention/{run}/{stage}/{layer}/{head}?rows=a:b&keys=c:d`
    Q*S float32 values, little endian, then Q*S uint8 reasons (`model.Reason`); a value is NaN where
    the stage has none. Headers: `X-Shape: Q,S`, `X-Rows: a:b`, `X-Keys: c:d`, `X-Pool: f`.
`GET /attention/{run}/thumbnails/{stage}`
    L*N*k*k uint8: 0 is a hidden cell, 1..255 run over the colour scale. Header: `X-Shape: L,N,k,k`.
    204 and nothing if the run keeps no thumbnails of the stage and is too long to derive them.
`GET /cell/{run}/{layer}/{head}/{query}/{key}`
    The story of one cell as JSON: see `cell_json.story`.

Numbers are exact (`X-Pool: 1`) as long as the range asked for has at most `MAX_CELLS` cells. A
larger range comes pooled by the integer `X-Pool`: f x f cells become the one of largest magnitude.
Every error is a JSON object with one sentence under "error".
"""

import math
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.cell_json import as_json, story
from gemma2_workbench.apps.explorer.pooling import pooled_map
from gemma2_workbench.apps.explorer.stage_scales import LOOKS
from gemma2_workbench.apps.explorer.thumbnails import thumbnails
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.apps.serving.refusal import Refusal

MAX_CELLS = 1024 * 1024
LOST_RUN = "this run is no longer held by the server: run the text again"
# All but the first are refused, in a sentence.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LONGEST_WORD = 40
# A run never changes, so the browser may keep what it has read; no shared cache may.
HEADERS = {"Cache-Control": "private, max-age=3600, immutable"}


def attention_routes(store: RunStore) -> list[Route]:
    """The routes to hand to `launch(app_kwargs={"routes": ...})`, reading runs from `store`."""

    def read_map(request: Request) -> Response:
        return _answered(_map, store, request)

    def read_thumbnails(request: Request) -> Response:
        return _answered(_thumbnails, store, request)

    def read_cell(request: Request) -> Response:
        return _answered(_cell, store, request)

    return [
        Route("/cell/{run}/{layer}/{head}/{query}/{key}", read_cell, methods=METHODS),
        Route("/attention/{run}/thumbnails/{stage}", read_thumbnails, methods=METHODS),
        Route("/attention/{run}/{stage}/{layer}/{head}", read_map, methods=METHODS),
    ]


def _answered(answer: Callable[[RunStore, Request], Response], store: RunStore, request: Request) -> Response:
    """The answer, or its refusal as JSON."""
    try:
        if request.method != "GET":
            raise Refusal(405, f"{request.method} means nothing here; these routes answer GET", {"Allow": "GET"})
        return answer(store, request)
    except Refusal as refusal:
        return refusal.response()


def _map(store: RunStore, request: Request) -> Response:
    """One head at one stage, pooled when the range is large."""
    trace = _trace(store, request)
    stage = _stage(request.path_params["stage"])
    layer = _index(request, "layer", len(trace.layers))
    head = _index(request, "head", trace.heads)
    tokens = len(trace.tokens)
    rows = _range(request, "rows", tokens)
    keys = _range(request, "keys", tokens)
    factor = pool_factor(len(rows), len(keys))
    values, reasons = pooled_map(trace, layer, head, stage, rows, keys, factor)
    headers = {
        "X-Shape": f"{values.shape[0]},{values.shape[1]}",
        "X-Rows": f"{rows.start}:{rows.stop}",
        "X-Keys": f"{keys.start}:{keys.stop}",
        "X-Pool": str(factor),
    }
    body = values.astype("<f4", copy=False).tobytes() + reasons.tobytes()
    return _bytes(body, headers)


def _thumbnails(store: RunStore, request: Request) -> Response:
    """All heads as small pictures."""
    trace = _trace(store, request)
    pictures = thumbnails(trace, LOOKS[_stage(request.path_params["stage"])])
    if pictures is None:
        return Response(status_code=204, headers=HEADERS)
    return _bytes(pictures.tobytes(), {"X-Shape": ",".join(map(str, pictures.shape))})


def _cell(store: RunStore, request: Request) -> Response:
    """The story of one cell."""
    trace = _trace(store, request)
    layer, head = _index(request, "layer", len(trace.layers)), _index(request, "head", trace.heads)
    query, key = (_index(request, name, len(trace.tokens)) for name in ("query", "key"))
    try:
        told = story(trace, layer, head, query, key)
    except ValueError as error:  # its probabilities were patched
        raise Refusal(409, str(error)) from error
    return Response(as_json(told), media_type="application/json", headers=HEADERS)


def pool_factor(queries: int, keys: int) -> int:
    """The smallest integer f for which a `queries` x `keys` range pools to `MAX_CELLS` cells."""
    factor = max(1, math.isqrt(queries * keys // MAX_CELLS))
    while math.ceil(queries / factor) * math.ceil(keys / factor) > MAX_CELLS:
        factor += 1
    return factor


def whole(text: str) -> int | None:
    """A whole number from 0 in digits 0 to 9, None for anything else; no place has more than nine of them."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def _bytes(body: bytes, headers: dict[str, str]) -> Response:
    return Response(body, media_type="application/octet-stream", headers=HEADERS | headers)


def _trace(store: RunStore, request: Request) -> Trace:
    trace = store.find(request.path_params["run"])
    if trace is None:
        raise Refusal(404, LOST_RUN)
    return trace


def _stage(stage: str) -> str:
    if stage not in LOOKS:
        raise Refusal(404, f"there is no stage {_brief(stage)!r}: choose one of {', '.join(LOOKS)}")
    return stage


def _index(request: Request, name: str, count: int) -> int:
    text = request.path_params[name]
    index = whole(text)
    if index is None or index >= count:
        several = "queries" if name == "query" else f"{name}s"
        raise Refusal(404, f"there is no {name} {_brief(text)}: this run has {several} 0 to {count - 1}")
    return index


def _range(request: Request, name: str, tokens: int) -> range:
    """The half-open range of the query parameter `name`, or all tokens when it is not given."""
    text = request.query_params.get(name)
    if text is None:
        return range(tokens)
    start, _, stop = text.partition(":")
    first, end = whole(start), whole(stop)
    if first is None or end is None:
        raise Refusal(400, f"{name}={_brief(text)!r} is no range: write {name}=0:{tokens}")
    if not first < end <= tokens:
        raise Refusal(400, f"{name}={_brief(text)!r} must lie within 0:{tokens} and hold at least one position")
    return range(first, end)


def _brief(text: str) -> str:
    """What was asked for, as far as a sentence repeats it."""
    return text if len(text) <= LONGEST_WORD else f"{text[:LONGEST_WORD]}…"
