"""Routes: the explorer's binary routes with any path, query, method and header.

Right is the map of the run, bit for bit, for what is a run, stage, layer, head and range by a reading of our own; for
everything else a status from 400 to 499, and of ours one sentence. Never a 500.
"""

import json
import re
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import numpy as np
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gemma2_workbench import STAGES, Trace
from gemma2_workbench.apps.explorer.routes import attention_routes
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.traces.file import load_trace
from tests.robustness.fuzz.bases import Bases
from tests.robustness.fuzz.case import Answer, Case
from tests.robustness.fuzz.commands import caught, told
from tests.robustness.fuzz.values import shown

NUMBERS = (
    *("-1", "0x1", "1.0", "1e3", "٣", "²", "１", "", " 1", "1 ", "+1", "007", "9" * 30, "9" * 4300, "9" * 4301),
    *("9" * 20_000, "nan", "null", "true", "1_0", "-" + "9" * 5000, "\x00", "é", "..", "%00", "%2e%2e", "1;2", "1,2"),
)
RANGES = (
    *(":", "0:", ":3", "3:0", "2:2", "0:999", "-1:2", "0:3:1", "a:b", "٠:٣", "0:" + "9" * 5000, "9" * 5000 + ":1"),
    *("0 :3", "0:3 ", "0%3A3", "", "x", "0-3", "[0:3]", "1e0:3", "00:03", "\x00", "0:3\n", "nan:3", "0:3,4:5", "²:3"),
)
NAMES = (
    "",
    "x",
    "a" * 3000,
    "..",
    ".",
    "%2e%2e%2f",
    "\x00",
    "é",
    "\u202e",
    "<script>",
    "' OR 1=1",
    "run",
    "thumbnails",
)
METHODS = ("POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "QUERY")
HEADERS = (
    *({"Range": "bytes=0-1"}, {"Range": "bytes=9-1"}, {"If-None-Match": "*"}, {"Accept": "image/png"}, {"Expect": "x"}),
    *({"If-Modified-Since": "never"}, {"Content-Length": "-1"}, {"X-Forwarded-For": "\xff"}, {"Cookie": "a" * 9000}),
    *({"Accept-Encoding": "br;q=nan"}, {"Connection": "upgrade", "Upgrade": "websocket"}, {"Content-Type": "\x7f"}),
)


@cache
def _server(path: Path) -> tuple[TestClient, str, Trace]:
    """The routes over one run, its id and its trace."""
    store, trace = RunStore(), load_trace(path)
    client = TestClient(Starlette(routes=attention_routes(store)), raise_server_exceptions=True)
    return client, store.add(trace), trace


def make(random: Random, bases: Bases, scratch: Path) -> Case:
    """A request."""
    client, held, trace = _server(bases.trace)
    last = len(trace.tokens) - 1

    def index(most: int) -> str:
        return str(random.randint(0, most)) if random.random() < 0.7 else random.choice(NUMBERS)

    run = held if random.random() < 0.85 else random.choice((*NAMES, held[:-1], held.upper() + "x"))
    stage = random.choice(list(STAGES)) if random.random() < 0.8 else random.choice(NAMES)
    way = random.choice(("map", "map", "map", "thumbnails", "cell", "cell", "other"))
    parts = {
        "map": ["attention", run, stage, index(1), index(1)],
        "thumbnails": ["attention", run, "thumbnails", stage],
        "cell": ["cell", run, index(1), index(1), index(last), index(last)],
        "other": [random.choice(("attention", "cell", *NAMES)) for _ in range(random.randint(1, 6))],
    }[way]
    query = _query(random, way, stage, last)
    method = "GET" if random.random() < 0.85 else random.choice(METHODS)
    headers = {} if random.random() < 0.85 else random.choice(HEADERS)
    url = "/" + "/".join(quote(part, safe="%") for part in parts)
    url += "?" + "&".join(f"{quote(key)}={quote(value, safe='%:')}" for key, value in query) if query else ""
    right = _map_of(trace, parts, query, run == held) if way == "map" and method == "GET" else ...
    return Case(
        f"{method} {shown(url.replace(held, 'RUN'), 200)} {headers or ''}",
        lambda: _asked(client, method, url, headers),
        lambda answer: _wrong(answer, right, method),
    )


def _query(random: Random, way: str, stage: str, last: int) -> list[tuple[str, str]]:
    def part() -> str:
        start = random.randint(0, last)
        return f"{start}:{random.randint(start + 1, last + 1)}" if random.random() < 0.6 else random.choice(RANGES)

    if way == "cell":
        return [("stage", stage)] if random.random() < 0.7 else [("stage", random.choice(NAMES))]
    query = [(name, part()) for name in ("rows", "keys") if random.random() < 0.5]
    return query + ([(random.choice(NAMES), random.choice(RANGES))] if random.random() < 0.1 else [])


def _asked(client: TestClient, method: str, url: str, headers: dict[str, str]) -> Answer:
    """The answer of the route; a refusal of ours is a sentence, one of the framework a status alone."""
    try:
        with caught():
            response = client.request(method, url, headers={k: v.encode("latin-1") for k, v in headers.items()})
    except Exception as error:
        return Answer(False, "", failure=f"a request that raised {told(error)}")
    status = response.status_code
    if status >= 500:
        return Answer(False, "", failure=f"status {status}: {response.text[:120]!r}")
    if status < 400:
        return Answer(False, "", value=response)
    try:
        said = json.loads(response.text)["error"]
    except (ValueError, KeyError, TypeError):
        said = f"status {status}"
    return Answer(True, str(said))


def _map_of(trace: Trace, parts: list[str], query: list[tuple[str, str]], held: bool) -> Any:
    """The map that a request asks for, None where it asks for none, ... where it may be read in two ways."""
    _, _, stage, layer, head = parts
    given = dict(query)
    if len(given) < len(query) or any("%" in value or value != value.strip() for value in given.values()):
        return ...
    numbers = [re.fullmatch("[0-9]{1,9}", text) for text in (layer, head)]
    if not held or stage not in STAGES or not all(numbers):
        return None
    rows, keys = (_range(given.get(name), len(trace.tokens)) for name in ("rows", "keys"))
    if not (int(layer) < len(trace.layers) and int(head) < trace.heads) or rows is None or keys is None:
        return None
    return trace.stage(int(layer), int(head), stage, rows, keys).numpy()


def _range(text: str | None, tokens: int) -> range | None:
    if text is None:
        return range(tokens)
    found = re.fullmatch("([0-9]{1,9}):([0-9]{1,9})", text)
    chosen = range(int(found[1]), int(found[2])) if found else range(0)
    return chosen if chosen and chosen.stop <= tokens else None


def _wrong(answer: Answer, right: Any, method: str) -> str | None:
    """An accepted request with another answer than the run's."""
    response = answer.value
    if right is ... or method != "GET" or response.status_code != 200:
        return None
    if right is None:
        return f"accepted in silence: {len(response.content)} bytes"
    cells = right.size
    values = np.frombuffer(response.content, "<f4", cells).reshape(right.shape)
    same = np.array_equal(values, right, equal_nan=True)
    return None if same else "another map than the run's"
