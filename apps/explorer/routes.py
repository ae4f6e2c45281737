"""Binary routes: maps and thumbnails as raw bytes, which Gradio's JSON is too slow for.

`GET /attention/{run}/{stage}/{layer}/{head}?rows=a:b&keys=c:d`
    Q*S float32 values, little endian, then Q*S uint8 reasons (`model.Reason`); a value is NaN where
    the stage has none. Headers: `X-Shape: Q,S`, `X-Rows: a:b`, `X-Keys: c:d`, `X-Pool: f`. With `X-Sinks: 1` there
    follow, between the two, Q float32 of what a learned sink takes of each row (`sinks`). Further parameters:
    over=mean|max, heads=L5H1.L5H2   several heads at once, as a rule those of the layer
    over=rollout                     attention rollout through all layers up to this one
    against=run                      that run less this one; a cell that one of them hides has a state of `Pair.cells`
    minus=L4H5                       this head less that one
    aligned=run                      the head beside that of another text: rows and keys count the shared tokens, and
                                     show=difference|before|after says which of the three (`aligned`)
    unit=words                       between words (`views.units`); rows and keys count words
    bos=hidden|renormalised          without the first key, whose reason is `maps.LEFT_OUT`
`GET /attention/{run}/overview/{layer}/{head}`
    The map of probabilities as above, of at most 32 x 32 squares that the run itself has gathered, in no time at any
    length; `X-Pool` need not be whole. Nothing (204) where the run has gathered none.
`GET /attention/{run}/thumbnails/{stage}`
    L*N*k*k uint8: 0 is a hidden cell, 1..255 run over the colour scale. Header: `X-Shape: L,N,k,k`.
    204 and nothing if the run keeps no thumbnails of the stage and is too long to derive them.
`GET /cell/{run}/{layer}/{head}/{query}/{key}`
    The story of one cell as JSON, see `cell_json.story`; the key `sink` is the learned sink of the head.

Numbers are exact (`X-Pool: 1`) as long as the range asked for has at most `MAX_CELLS` cells, or `side` squared where
the address says `side=512`. A larger range comes pooled by the integer `X-Pool`: f x f cells become the one of largest
magnitude. Every error is a JSON object with one sentence under "error".
"""

import math
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gemma2_workbench.apps.explorer.cell_json import SINK, as_json, story
from gemma2_workbench.apps.explorer.map_request import map_of
from gemma2_workbench.apps.explorer.maps import Reasons, Values
from gemma2_workbench.apps.explorer.overview import overview
from gemma2_workbench.apps.explorer.pooling import pooled_map
from gemma2_workbench.apps.explorer.requested import held, index, most_cells, span, stage_named
from gemma2_workbench.apps.explorer.sinks import COLUMN
from gemma2_workbench.apps.explorer.thumbnails import thumbnails
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.apps.serving.refusal import Refusal

# All but the first are refused, in a sentence.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# A run never changes, so the browser may keep what it has read; no shared cache may.
HEADERS = {"Cache-Control": "private, max-age=3600, immutable"}


def attention_routes(store: RunStore) -> list[Route]:
    """The routes to hand to `launch(app_kwargs={"routes": ...})`, reading runs from `store`."""

    def read_map(request: Request) -> Response:
        return _answered(_map, store, request)

    def read_overview(request: Request) -> Response:
        return _answered(_overview, store, request)

    def read_thumbnails(request: Request) -> Response:
        return _answered(_thumbnails, store, request)

    def read_cell(request: Request) -> Response:
        return _answered(_cell, store, request)

    return [
        Route("/cell/{run}/{layer}/{head}/{query}/{key}", read_cell, methods=METHODS),
        Route("/attention/{run}/thumbnails/{stage}", read_thumbnails, methods=METHODS),
        Route("/attention/{run}/overview/{layer}/{head}", read_overview, methods=METHODS),
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
    except ValueError as error:  # of a head whose probabilities were patched
        return Refusal(409, str(error)).response()


def _map(store: RunStore, request: Request) -> Response:
    """A map, pooled when the range is large."""
    asked = map_of(store, request)
    rows, keys = span(request, "rows", asked.size), span(request, "keys", asked.size)
    factor = pool_factor(len(rows), len(keys), most_cells(request))
    values, reasons = pooled_map(asked.cells, rows, keys, factor)
    sinks = None if asked.sinks is None else pooled_map(asked.sinks, rows, COLUMN, factor)[0]
    return _map_bytes(values, reasons, sinks, rows, keys, factor)


def _overview(store: RunStore, request: Request) -> Response:
    """A map of which the run has gathered a small picture."""
    asked = request.path_params
    trace = held(store, asked["run"])
    layer, head = index(asked["layer"], "layer", len(trace.layers)), index(asked["head"], "head", trace.heads)
    found = overview(trace, layer, head)
    if found is None:
        return Response(status_code=204, headers=HEADERS)
    every = range(len(trace.tokens))
    return _map_bytes(*found, every, every, len(every) / len(found.values))


def _thumbnails(store: RunStore, request: Request) -> Response:
    """All heads as small pictures."""
    trace = held(store, request.path_params["run"])
    pictures = thumbnails(trace, stage_named(request.path_params["stage"]))
    if pictures is None:
        return Response(status_code=204, headers=HEADERS)
    return _bytes(pictures.tobytes(), {"X-Shape": ",".join(map(str, pictures.shape))})


def _cell(store: RunStore, request: Request) -> Response:
    """The story of one cell."""
    asked = request.path_params
    trace = held(store, asked["run"])
    layer, head = index(asked["layer"], "layer", len(trace.layers)), index(asked["head"], "head", trace.heads)
    query = index(asked["query"], "query", len(trace.tokens))
    is_sink = asked["key"] == SINK and trace.layers[layer].sinks is not None
    key = SINK if is_sink else index(asked["key"], "key", len(trace.tokens))
    told = story(trace, layer, head, query, key)
    return Response(as_json(told), media_type="application/json", headers=HEADERS)


def pool_factor(queries: int, keys: int, most: int) -> int:
    """The smallest integer f for which a `queries` x `keys` range pools to `most` cells."""
    factor = max(1, math.isqrt(queries * keys // most))
    while math.ceil(queries / factor) * math.ceil(keys / factor) > most:
        factor += 1
    return factor


def _map_bytes(
    values: Values, reasons: Reasons, sinks: Values | None, rows: range, keys: range, factor: float
) -> Response:
    headers = {
        "X-Shape": f"{values.shape[0]},{values.shape[1]}",
        "X-Rows": f"{rows.start}:{rows.stop}",
        "X-Keys": f"{keys.start}:{keys.stop}",
        "X-Pool": str(factor),
    }
    parts = [values.astype("<f4", copy=False).tobytes(), reasons.tobytes()]
    if sinks is not None:
        parts.insert(1, sinks.astype("<f4", copy=False).tobytes())
        headers["X-Sinks"] = "1"
    return _bytes(b"".join(parts), headers)


def _bytes(body: bytes, headers: dict[str, str]) -> Response:
    return Response(body, media_type="application/octet-stream", headers=HEADERS | headers)
