"""Files of the page are those of the commands, to the byte; what cannot be saved says why."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gemma2_workbench import load_trace
from gemma2_workbench.apps.cli import main
from gemma2_workbench.apps.explorer.savables import SAVABLES
from gemma2_workbench.apps.page.ask import ask_route
from gemma2_workbench.apps.page.questions import Handlers
from gemma2_workbench.apps.page.save.file import file_route, preview_handler
from gemma2_workbench.apps.page.save.savable import Savables
from gemma2_workbench.apps.page.session import Session

pytestmark = pytest.mark.usefixtures("loaded_once")
TEXT = "red blue red blue"
MAP = {"view": "attention", "options": {"layer": 5, "head": 3, "stage": "attn_probs"}}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as made:
        yield made


@pytest.fixture(scope="module")
def run(session: Session) -> str:
    return session.run("tiny", TEXT)[0]


@pytest.fixture(scope="module")
def client(session: Session) -> TestClient:
    savables = Savables(SAVABLES)
    routes = [file_route(session, savables), ask_route(session, Handlers([preview_handler(savables)]))]
    return TestClient(Starlette(routes=routes))


def shown(run: str, **view: Any) -> dict[str, Any]:
    return {"kind": "view", "runs": [run], **view}


@pytest.mark.parametrize("ending", ["pdf", "svg", "png", "csv", "npz"])
def test_a_file_is_that_of_the_command(
    client: TestClient, run: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = {"shown": shown(run, **MAP), "format": ending, "name": "fig", "venue": None}
    answer = client.post("/workbench/file", json=asked)
    assert answer.status_code == 200, answer.text
    assert f"fig.{ending}" in answer.headers["Content-Disposition"]
    command = "figure" if ending in ("pdf", "svg", "png") else "table"
    view = ["attention", "--layer", "5", "--head", "3", "--text", TEXT]
    assert main([command, *view, "--out", f"fig.{ending}"]) == 0
    assert answer.content == Path(f"fig.{ending}").read_bytes()


def test_a_trace_is_saved_whole(client: TestClient, session: Session, run: str, tmp_path: Path) -> None:
    answer = client.post("/workbench/file", json={"run": run, "name": "trace"})
    (tmp_path / "t.safetensors").write_bytes(answer.content)
    assert load_trace(tmp_path / "t.safetensors") == session.store.find(run)


def test_the_preview_is_the_figure_at_twice_the_pixels(client: TestClient, run: str) -> None:
    answer = client.post("/workbench/ask", json={"about": "preview", "shown": shown(run, **MAP), "venue": "acl"})
    said = json.loads(answer.text.splitlines()[-1])["answer"]
    png = base64.b64decode(said["png"])
    assert int.from_bytes(png[16:20], "big") == int(3.03 * 192)
    assert "\\includegraphics" in said["latex"]
    assert "head 3" in said["caption"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "exe"}, "format"),
        ({"name": "../up"}, "name"),
        ({"venue": "nature"}, "venue"),
        ({"width": "huge"}, "width"),
        ({"record": "some"}, "record"),
        ({"shown": {"kind": "view", "view": "attention", "runs": ["gone"]}}, "no longer held"),
        ({"shown": {"kind": "view", "view": "nothing", "runs": []}}, "nothing"),
        ({"shown": {"kind": "poem"}}, "poem"),
        ({"more": 1}, "more"),
    ],
)
def test_what_cannot_be_saved_says_why(client: TestClient, run: str, change: dict[str, Any], words: str) -> None:
    asked = {"shown": shown(run, **MAP), "format": "pdf", "name": "fig"} | change
    answer = client.post("/workbench/file", json=asked)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
