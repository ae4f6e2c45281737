"""The gate in front of a page: who comes in, how much they may ask for, and what nonsense is answered with."""

import asyncio
import base64
import json
import re
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.serve import build_app, launch_options
from gemma2_workbench.apps.serving import body, gate, limits
from gemma2_workbench.apps.serving.access import Access
from gemma2_workbench.apps.serving.accounts import TRIES
from gemma2_workbench.apps.serving.headers import HEADERS
from gemma2_workbench.apps.serving.limits import MAX_CHARACTERS, Buckets
from gemma2_workbench.apps.serving.page import warnings_about
from gemma2_workbench.apps.serving.refusal import Refusal
from gemma2_workbench.apps.token_classification.handlers import classifiers
from gemma2_workbench.apps.token_classification.questions import OfText
from tests.apps.conftest import READY

HERE = "http://127.0.0.1:7860"
USER, PASSWORD = "emma", "pass: wörd"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
FETCH = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}


def behind(access: Access, handler: Any = lambda request: PlainTextResponse("in"), base_url: str = HERE) -> TestClient:
    """A client of one route for everything, behind a gate."""
    routes = [Route("/{path:path}", handler, methods=["GET", "POST", "OPTIONS"])]
    app = Starlette(routes=routes, middleware=[Middleware(gate.Gate, access=access)])
    return TestClient(app, base_url=base_url, raise_server_exceptions=False)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Its result; playwright, where it was used, has left a loop in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def read_body(request: Request) -> JSONResponse:
    return JSONResponse(len(await request.body()))


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """The explorer, served for one user."""
    session = Session()
    access = Access(accounts={USER: PASSWORD})

    async def launched() -> Any:
        # While a loop runs, because without one gradio leaves a new one behind for every lock that it makes.
        app = build_app(session)
        return app, app.launch(prevent_thread_lock=True, server_name="127.0.0.1", **launch_options(session, access))

    app, (server, url, _) = run(launched())
    with httpx.Client(base_url=url, timeout=60) as client:
        # What serves files is imported at the first one; while others import too, Python 3.11 may fail under pytest.
        assert client.get("/favicon.ico", headers={"Authorization": BASIC}).status_code == 200
        yield SimpleNamespace(url=url, server=server, client=client, app=app)
    app.close()


def sentence(response: Any) -> str:
    """What a refusal says; it says nothing of the server's own."""
    assert 400 <= response.status_code < 500
    assert not re.search(r"Traceback|site-packages|\.py\b", response.text)
    said = response.json()
    return str(said.get("error") or said["detail"])


@pytest.mark.parametrize(
    ("host", "access", "comes_in"),
    [
        ("localhost", Access(), True),
        ("LOCALHOST:80", Access(), True),
        ("127.0.0.1:7860", Access(), True),
        ("127.9.9.9", Access(), True),
        ("[::1]:7860", Access("localhost"), True),
        ("evil.example:7860", Access(), False),
        ("localhost.evil.example", Access(), False),
        ("127.0.0.1.evil.example", Access("[::1]"), False),
        ("127.0.0.1@evil.example", Access(), False),
        ("192.168.1.7", Access(), False),
        ("0.0.0.0:7860", Access(), False),
        ("", Access(), False),
        ("lab.example", Access(names=("Lab.example",)), True),
        ("lab.example", Access("0.0.0.0"), True),
        ("evil.example", Access("0.0.0.0", names=("lab.example",)), False),
    ],
)
def test_a_page_answers_to_its_own_names(host: str, access: Access, comes_in: bool) -> None:
    response = behind(access).get("/", headers={"Host": host})
    assert (response.status_code == 200) == comes_in
    assert comes_in or "answers to localhost" in sentence(response)


@pytest.mark.parametrize(
    ("method", "headers", "comes_in"),
    [
        ("POST", {}, True),  # no browser
        ("POST", {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}, True),
        ("POST", {"Origin": "http://evil.example"}, False),
        ("POST", {"Origin": "http://127.0.0.1:8888"}, False),
        ("POST", {"Origin": "http://localhost:7860"}, False),
        ("POST", {"Origin": "null"}, False),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, False),
        ("POST", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, False),
        ("GET", {"Origin": "http://evil.example"}, False),
        ("GET", {"Sec-Fetch-Site": "cross-site", **FETCH}, False),  # a stream, a picture
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, False),
        ("GET", {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, True),
    ],
)
def test_another_site_gets_no_further_than_a_link(method: str, headers: dict[str, str], comes_in: bool) -> None:
    response = behind(Access()).request(method, "/gradio_api/queue/join", headers=headers)
    assert (response.status_code == 200) == comes_in
    assert comes_in or "another site" in sentence(response)


def test_the_origin_behind_a_proxy_with_tls_is_the_name_it_passes_on() -> None:
    client = behind(Access(names=("lab.example",)))
    for origin, status in (("https://lab.example", 200), ("https://lab.example:444", 403)):
        assert client.post("/x", headers={"Host": "lab.example", "Origin": origin}).status_code == status


def test_an_account_is_asked_for_on_every_route(page: Any) -> None:
    routers = [page.server, *(route.original_router for route in page.server.routes if not hasattr(route, "path"))]
    paths = {route.path for router in routers for route in router.routes if hasattr(route, "path")}
    ours = {"/attention/{run}/{stage}/{layer}/{head}", "/workbench/ask", "/workbench/trace"}
    assert ours | {"/gradio_api/upload", "/gradio_api/queue/data"} <= paths
    for path in paths:
        for method in ("GET", "POST"):
            response = page.client.request(method, re.sub(r"{[^}]*}", "x", path))
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"].startswith("Basic ")
    assert page.client.get("/", headers={"Authorization": BASIC}).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Basic",
        "Basic ?",
        "Bearer " + BASIC[6:],
        "Basic " + base64.b64encode(b"emma:pass").decode(),
        "Basic ZW1tYQ==",
    ],
)
def test_nearly_right_is_wrong(given: str) -> None:
    response = behind(Access(accounts={USER: PASSWORD})).get("/", headers={"Authorization": given})
    assert (response.status_code, sentence(response)) == (401, "this server asks for a user and a password")


def test_passwords_are_not_tried_without_end() -> None:
    client = behind(Access(accounts={USER: PASSWORD}))
    assert {client.get("/", headers={"Authorization": "Basic eDp5"}).status_code for _ in range(TRIES)} == {401}
    response = client.get("/", headers={"Authorization": BASIC})
    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 6


def test_a_client_spends_what_it_has_and_others_theirs() -> None:
    now = [0.0]
    buckets = Buckets(20, 2, clock=lambda: now[0])
    buckets.take("a", 15)
    assert (buckets.wait("a", 5), buckets.wait("a", 10), buckets.wait("b", 20)) == (0, 3, 0)
    now[0] = 3.0
    assert buckets.wait("a", 10) == 0
    for client in range(limits.MOST_CLIENTS + 5):
        buckets.take(str(client), 1)
    assert len(buckets._spent) == limits.MOST_CLIENTS


@pytest.mark.parametrize(("access", "last"), [(Access("0.0.0.0"), 429), (Access(), 200)])
def test_others_may_not_ask_without_end(access: Access, last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "SAVED_UP", 3 * limits.ASKING)
    monkeypatch.setattr(gate, "PER_SECOND", 0.001)
    client = behind(access)
    assert [client.post("/gradio_api/queue/join").status_code for _ in range(4)] == [200, 200, 200, last]
    assert client.get("/assets/a.js").status_code == 200


def test_so_many_at_once_and_no_more() -> None:
    at_once = limits.AtOnce(2)
    full = pytest.raises(Refusal, match="2 requests from here are being answered already")
    with at_once.one_more("a"), at_once.one_more("a"), at_once.one_more("b"), full, at_once.one_more("a"):
        pass
    assert not at_once._counts


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/upload", "/workbench/trace"])
def test_what_is_posted_has_a_size(path: str, announced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"MAX_BODY": 100, "MAX_UPLOAD": 60, "ENVELOPE": 40}.items():
        monkeypatch.setattr(body, name, value)
    client = behind(Access(), read_body)
    for size, status in ((100, 200), (101, 413)):
        content = b'"' + b"x" * (size - 2) + b'"'
        response = client.post(path, content=content if announced else iter([content[:50], content[50:]]))
        assert response.status_code == status
    assert client.post(path, content=b"{}", headers={"Content-Length": "9" * 5000}).status_code == 413


def test_a_text_has_a_length() -> None:
    with pytest.raises(ValueError, match=r"200,001 characters and a page runs at most 200,000; shorten it"):
        Session().run("tiny", "a" * (MAX_CHARACTERS + 1))
    with pytest.raises(ValueError, match="200,001 characters"):
        assert OfText(model="tiny-ner", text="a" * (MAX_CHARACTERS + 1)).checked


def test_every_answer_carries_the_headers(page: Any) -> None:
    for path, given in (
        ("/", BASIC),
        ("/theme.css", BASIC),
        ("/cell/x/0/0/0/0", BASIC),
        ("/nothing", BASIC),
        ("/", ""),
    ):
        found = page.client.get(path, headers={"Authorization": given}).headers
        assert {name: found[name] for name in HEADERS} == HEADERS


def test_streams_are_passed_on_as_they_come() -> None:
    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        sent.append("the stream goes on")
        await send({"type": "http.response.body", "body": b"last"})

    async def send(message: Any) -> None:
        sent.append(message.get("body"))

    sent: list[Any] = []
    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": [(b"host", b"localhost")]}
    run(gate.Gate(stream, Access())(scope, None, send))
    assert sent == [None, b"first", "the stream goes on", b"last"]


@pytest.mark.parametrize(
    "path",
    [
        "/attention/x/attn_probs/0/" + "9" * 5000,
        "/cell/x/0/0/-1/٣",
        "/cell/%00/0/0/0/0",
        "/cell/%ff/0/0/0/0",
        "/attention/x/thumbnails/%F0%9F%98%80",
        "/static/" + "a" * 3000,
        "/assets/%00",
        "/svelte/" + "9" * 5000,
        "/?page=nothing",
        "/gradio_api/file=" + "a" * 3000,
        "/gradio_api/file=http://example.com/",
        "/gradio_api/proxy=http://example.com/",
        "/monitoring",
        "/gradio_api/stream/x/y/" + "9" * 5000 + "/playlist.m3u8",
        "/gradio_api/custom_component/x/client/y/z",
    ],
)
def test_an_address_that_makes_no_sense_is_refused_in_a_sentence(page: Any, path: str) -> None:
    assert sentence(page.client.get(path, headers={"Authorization": BASIC}))


POSTED = [
    ("component_server", {"data": None, "fn_name": "ask", "component_id": "HTML", "session_hash": "a"}),
    ("component_server", {"data": [], "fn_name": "ask", "component_id": "HTML", "session_hash": "a"}),
    ("component_server", {"data": {}, "fn_name": "nothing", "component_id": 99999, "session_hash": "a"}),
    ("run/run", {"data": []}),
    ("run/run", {"data": [None] * 3, "session_hash": "a", "fn_index": 10**20}),
    ("run/predict", {"data": [], "fn_index": 0}),
    ("call/v2/nothing", {}),
    ("call/v2/run", {"x": 1}),
    ("call/nothing", {"data": []}),
    ("queue/join", {"data": []}),
    ("queue/join", {"data": [], "fn_index": 99999, "session_hash": "a"}),
    ("queue/join", [[]]),
    ("queue/join", "[" * 100_000),
    ("queue/join", '{"data": ' + "9" * 5000 + "}"),
    ("queue/join", b"\xff\xfe"),
    ("queue/join", {"data": [{"path": "https://example.com/x", "meta": {"_type": "gradio.FileData"}}]}),
    ("queue/join", '{"data": [{"p\\u0061th": "\\u0068ttp://example.com"}], "session_hash": "a", "fn_index": 0}'),
    ("cancel", {}),
    ("upload", b"no form"),
    ("process_recording", b""),
    ("stream/x", {"data": []}),
]


@pytest.mark.parametrize(("path", "content"), POSTED, ids=[f"{n}-{path}" for n, (path, _) in enumerate(POSTED)])
@pytest.mark.filterwarnings("ignore")  # gradio's own, of data that fit no model of its
def test_data_that_make_no_sense_are_refused_in_a_sentence(page: Any, path: str, content: Any) -> None:
    if isinstance(content, dict) and content.get("component_id") == "HTML":
        html = next(n for n, block in page.app.blocks.items() if block.get_block_name() == "html")
        content = content | {"component_id": html}
    sent = content if isinstance(content, str | bytes) else json.dumps(content)
    headers = {"Authorization": BASIC, "Content-Type": "application/json"}
    assert sentence(page.client.post(f"/gradio_api/{path}", content=sent, headers=headers))


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("ask", b"[]", 'a question is a JSON object with its name under "about"'),
        ("ask", b'{"about": "nothing"}', "nobody answers 'nothing'"),
        ("ask", b'{"about": "run", "text": 5, "model": "tiny"}', "run: text"),
        ("ask", b"{", "no JSON"),
        ("trace?name=a.txt", b"", "a.txt is no trace"),
        ("trace?name=../../b.safetensors", b"no", "b.safetensors"),
        ("trace", b"", "this is no trace"),
    ],
)
def test_our_own_routes_refuse_in_a_sentence(page: Any, path: str, content: bytes, words: str) -> None:
    headers = {"Authorization": BASIC}
    assert words in sentence(page.client.post(f"/workbench/{path}", content=content, headers=headers))
    assert sentence(page.client.put(f"/workbench/{path}", headers=headers))


def test_programs_run_texts_by_the_api(page: Any) -> None:
    client = Client(page.url, headers={"Authorization": BASIC}, verbose=False, download_files=False)
    run = client.predict("red blue red", "tiny", api_name="/run")
    assert (run["text"], run["exact"], len(run["tokens"])) == ("red blue red", True, 5)
    assert (
        page.client.get(f"/attention/{run['id']}/attn_probs/5/3", headers={"Authorization": BASIC}).status_code == 200
    )
    with pytest.raises(AppError, match="there is no folder"):
        client.predict("red", "./nothing", api_name="/run")


def test_a_failure_of_ours_says_so_and_nothing_of_its_making(caplog: pytest.LogCaptureFixture) -> None:
    def fail(request: Request) -> None:
        raise RuntimeError("/secret/place")

    response = behind(Access(), fail).get("/cell/x")
    assert (response.status_code, "secret" in response.text) == (500, False)
    assert "/secret/place" in caplog.text


def test_websockets_odd_methods_and_endless_addresses_find_nothing() -> None:
    client = behind(Access())
    assert client.request("DELETE", "/").headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert client.get("/?q=" + "x" * 50_000).status_code == 414
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws"):
        pass


def test_only_named_models_are_loaded_and_folders_not_probed(tmp_path: Path) -> None:
    session = Session("tiny-ner", models=["tiny"])
    assert session.names() == ["tiny-ner", "tiny"]
    assert session.model("tiny").name == "tiny"
    said = set()
    for name in (str(tmp_path), str(tmp_path / "none"), "/etc", "google/gemma-2-2b", "", "\0", "tiny/../tiny"):
        with pytest.raises(ValueError, match="runs tiny-ner, tiny only; choose one of them") as error:
            session.model(name)
        said.add(str(error.value))
    assert len(said) == 1
    assert Session(models=["tiny-ner"]).names() == ["tiny-ner"]
    assert classifiers(session) == ["tiny-ner"]
    assert classifiers(Session(models=["tiny"])) == []


def test_whoever_serves_others_is_told() -> None:
    assert warnings_about(Access()) == []
    assert "anybody who reaches 0.0.0.0" in warnings_about(Access("0.0.0.0"))[0]
    assert "unencrypted" in warnings_about(Access("0.0.0.0", accounts={"a": "b"}))[0]


def test_a_signed_in_reader_finds_the_whole_page_working(page: Any, browser: Any) -> None:
    context = browser.new_context(http_credentials={"username": USER, "password": PASSWORD})
    reader = context.new_page()
    complaints: list[str] = []
    reader.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    reader.on("pageerror", lambda error: complaints.append(str(error)))
    reader.goto(page.url)
    reader.wait_for_selector(READY)
    context.close()
    assert not complaints


@pytest.mark.parametrize(
    ("asked", "way"), [("//", "../"), ("//?head=L5H3", "../?head=L5H3"), ("///evil.org/a%20b", "../../evil.org/a%20b")]
)
def test_slashes_too_many_lead_to_the_page_of_this_server(asked: str, way: str):
    """By a relative way, that is also right below a path of a proxy, and leads to no other host."""
    response = behind(Access()).get(f"{HERE}{asked}", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (308, way)
