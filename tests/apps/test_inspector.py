"""The cell inspector below the map, in a real browser: its numbers are the trace's, its maps and the map are linked."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gemma2_workbench import STAGES, Trace
from gemma2_workbench.apps.explorer import routes
from gemma2_workbench.apps.explorer.components.inspector.component import HERE, SCRIPTS
from gemma2_workbench.apps.explorer.tabs import attention
from gemma2_workbench.apps.page.draw.sources import source
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.page.shared import Shared
from gemma2_workbench.apps.page.store import RunStore
from gemma2_workbench.traces.cell import inspect_cell, row_of

TEXTS = {
    "plain": tuple(f"t{i}" for i in range(12)),
    "long": tuple(f"w{i}" for i in range(40)),
    "hostile": ('<img src=x onerror="window.hacked = 1">', "${window.hacked = 7*6}", "▁مرحبا", "{{value}}", "`x`"),
    "one": ("<bos>",),
}
STATE = "document.querySelector('.inspector').inspector"
MAP = "document.querySelector('.attention').attention"


@pytest.fixture(scope="module")
def traces(make_trace: Callable[..., Trace]) -> dict[str, Trace]:
    return {name: make_trace(tokens) for name, tokens in TEXTS.items()}


@pytest.fixture(scope="module")
def url(traces: dict[str, Trace]) -> Iterator[str]:
    """The attention tab itself, with a field that chooses the text."""
    session = Session()
    with gr.Blocks() as demo:
        name, run = gr.Textbox(elem_id="name"), gr.State("")
        attention.build(Shared(session, run, gr.State(False), gr.State({}), gr.Textbox()))
        name.submit(lambda name: session.store.add(traces[name]), name, run)
    options: dict[str, Any] = {"app_kwargs": {"routes": routes.attention_routes(session.store)}, "run_history": False}
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **options)
    yield address
    demo.close()


class Reader:
    """Somebody at the page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, name: str) -> None:
        """Run a text and look at its first head; no cell is pinned then."""
        before = self.page.evaluate(f"{MAP}?.run ?? ''")
        self.page.fill("#name textarea, #name input", name)
        self.page.press("#name textarea, #name input", "Enter")
        self.page.wait_for_function(
            f"{MAP}?.run && {MAP}.run !== '{before}' && {MAP}.square && {STATE}.run === {MAP}.run"
        )
        self.page.locator("input.layer").fill("0")
        self.page.locator("input.head").fill("0")
        self.wait(MAP, layer=0, head=0, query=None, key=None)
        assert self.page.evaluate(STATE)["state"] == "empty"

    def wait(self, whose: str, **place: Any) -> None:
        """Wait until this is the state of a component."""
        self.page.wait_for_function(
            f"(place) => Object.entries(place).every(([name, value]) => {whose}[name] === value)", arg=place
        )

    def shown(self, **place: Any) -> None:
        """Wait until the inspector shows this cell."""
        self.page.wait_for_function(
            f"(place) => Object.entries(place).every(([name, value]) => {STATE}.shown?.[name] === value)", arg=place
        )

    def click_cell(self, query: int, key: int) -> None:
        """Click a cell of the large map."""
        self.page.locator(".marks").scroll_into_view_if_needed()
        box = self.page.locator(".marks").bounding_box()
        square = self.page.evaluate(MAP)["square"]
        size = self.page.evaluate(MAP)["view"]["size"]
        cell = square["side"] / size
        x, y = square["left"] + (key + 0.5) * cell, square["top"] + (query + 0.5) * cell
        self.page.mouse.click(box["x"] + x, box["y"] + y)

    def small(self, stage: int, query: int, key: int, size: int = 12) -> tuple[float, float]:
        """The middle of a cell of one of the five maps on the screen; the map shows the tokens from 0."""
        canvas = self.page.locator(".card canvas").nth(2 * stage)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        return box["x"] + (key + 0.5) * box["width"] / size, box["y"] + (query + 0.5) * box["height"] / size

    def texts(self, selector: str) -> list[str]:
        """All texts of the inspector's elements."""
        return self.page.locator(f".inspector {selector}").all_text_contents()


@pytest.fixture(scope="module")
def visitor(browser: Any, url: str) -> Iterator[Reader]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    reader = Reader(page)
    page.goto(url)
    page.wait_for_selector(".inspector .notice:has-text('Click a cell of the map')")
    yield reader
    page.close()


@pytest.fixture
def reader(visitor: Reader) -> Iterator[Reader]:
    visitor.open("plain")
    visitor.errors.clear()
    yield visitor
    assert not visitor.errors


def test_clicking_a_cell_tells_its_story_in_five_exact_numbers(reader: Reader, traces: dict[str, Trace]):
    reader.click_cell(9, 7)
    reader.shown(query=9, key=7, layer=0, head=0)
    exact = inspect_cell(traces["plain"], 0, 0, 9, 7)
    values = reader.page.locator(".inspector .value").all()
    assert [np.float32(value.get_attribute("title")) for value in values] == [np.float32(s.value) for s in exact.steps]
    assert [float(text) for text in reader.texts(".value")] == [float(f"{step.value:.6g}") for step in exact.steps]
    assert reader.texts(".between") == [step.between for step in exact.steps]
    assert reader.texts(".card .formula") == [stage.formula for stage in STAGES.values()]
    assert reader.texts(".title") == ['Layer 0, head 0: query 9 "t9" attends to key 7 "t7"']
    # The same numbers as whole maps have them.
    for stage, text in zip(STAGES, reader.texts(".value"), strict=True):
        assert float(text) == pytest.approx(traces["plain"].stage(0, 0, stage)[9, 7].item(), rel=1e-5)


def test_a_hidden_cell_keeps_two_numbers_and_says_why(reader: Reader):
    reader.click_cell(10, 2)
    reader.shown(query=10, key=2)
    values = reader.texts(".value")
    assert values[2:] == ["hidden"] * 3
    assert "hidden" not in values[:2]
    assert reader.texts(".between")[2] == "hidden: outside window, 8 tokens back and the window holds 5"
    assert "does not see" in reader.texts(".title")[0]


def test_the_row_is_ranked_and_the_rest_is_summed(reader: Reader, traces: dict[str, Trace]):
    reader.open("long")
    reader.page.locator("input.layer").fill("1")
    rows = [row_of(traces["long"], 1, 0, query).dropna(subset="rank").sort_values("rank") for query in range(40)]
    query = max(range(40), key=lambda at: rows[at]["attn_probs"][10:].sum())  # where the rest is not too small
    row = rows[query]
    reader.click_cell(query, 4)
    reader.shown(query=query, key=4, layer=1)
    assert reader.texts(".row .who") == [f"{key} w{key}" for key in row["key"][:10]]
    assert reader.texts(".row .back") == [f"{query - key} back" if key < query else "itself" for key in row["key"][:10]]
    widths = [float(bar.get_attribute("style").split()[1][:-2]) for bar in reader.page.locator(".row .fill").all()]
    assert widths == pytest.approx((100 * row["attn_probs"][:10] / row["attn_probs"].iloc[0]).tolist(), abs=0.01)
    said = re.fullmatch(
        rf"the other {query - 9} keys together: probability (\S+), contribution (\S+) \((\S+)%\)",
        reader.texts(".rest")[0],
    )
    assert said is not None
    rest = row.iloc[10:]
    expected = [rest["attn_probs"].sum(), rest["contribution"].sum(), 100 * rest["share"].sum()]
    assert [float(number) for number in said.groups()] == pytest.approx(expected, rel=0.06, abs=0.05)
    reader.page.locator(".row button").nth(2).click()
    reader.shown(query=query, key=int(row["key"].iloc[2]))


def test_all_heads_print_the_value_of_the_cell_and_switch(reader: Reader, traces: dict[str, Trace]):
    reader.page.get_by_text("Raw logit", exact=True).first.click()
    reader.click_cell(8, 6)
    reader.shown(query=8, key=6, stage="attn_logits")
    exact = [traces["plain"].stage(0, head, "attn_logits")[8, 6].item() for head in range(4)]
    assert [float(text) for text in reader.texts(".one .number")] == pytest.approx(exact, abs=0.06)
    reader.page.locator(".one").nth(3).click()
    reader.shown(head=3, query=8, key=6)
    reader.wait(MAP, head=3, query=8, key=6)
    assert [button.get_attribute("aria-pressed") for button in reader.page.locator(".one").all()][3] == "true"
    reader.page.locator(".stages").get_by_text("Probability").click()


def test_pointing_in_one_map_marks_all_and_a_click_moves_the_pin(reader: Reader):
    reader.click_cell(9, 7)
    reader.shown(query=9, key=7)
    reader.page.mouse.move(*reader.small(3, 6, 5))
    reader.page.wait_for_function(f"{STATE}.hovered?.query === 6 && {STATE}.hovered.key === 5")
    assert reader.texts(".readout")[0].startswith('query 6 "t6", key 5 "t5": raw logit ')
    boxes = [box.bounding_box() for box in reader.page.locator(".card .pointed").all()]
    places = [reader.small(stage, 6, 5) for stage in range(5)]
    assert all(
        box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]
        for box, (x, y) in zip(boxes, places, strict=True)
    )
    assert reader.page.locator(".one .pointed:visible").count() == 4
    reader.page.mouse.click(*reader.small(1, 6, 5))
    reader.shown(query=6, key=5)
    reader.wait(MAP, query=6, key=5)
    # Back to the first cell: what Python sent before is sent again.
    reader.click_cell(9, 7)
    reader.shown(query=9, key=7)


def test_arrow_keys_move_the_cell_from_both_sides(reader: Reader):
    reader.click_cell(5, 5)
    reader.shown(query=5, key=5)
    reader.page.locator(".cards").focus()
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft"):
        reader.page.keyboard.press(key)
    reader.shown(query=4, key=3)
    reader.wait(MAP, query=4, key=3)
    reader.page.locator(".marks").focus()
    reader.page.keyboard.press("Shift+ArrowUp")
    reader.shown(query=3, key=3)
    reader.page.keyboard.press("Escape")
    reader.wait(STATE, state="empty")
    reader.page.wait_for_function("!document.querySelector('.inspector .cards').checkVisibility()")


def test_what_is_taken_away_is_the_cell_on_the_screen(reader: Reader, traces: dict[str, Trace], tmp_path):
    reader.page.locator("input.head").fill("2")
    reader.wait(MAP, head=2)
    reader.click_cell(9, 7)
    reader.shown(query=9, key=7, head=2)
    for label, choice in (("What", "the cell"), ("Save as", "CSV")):
        reader.page.get_by_label(label, exact=True).click()
        reader.page.get_by_role("option", name=choice, exact=True).click()
    with reader.page.expect_download() as saved:
        reader.page.get_by_role("button", name="Save", exact=True).click()
    saved.value.save_as(tmp_path / "cell.csv")
    frame = pd.read_csv(tmp_path / "cell.csv", comment="#")
    chosen = frame[frame["chosen"]]
    assert (chosen["head"] == 2).all()
    exact = [step.value for step in inspect_cell(traces["plain"], 0, 2, 9, 7).steps]
    assert chosen["value"].tolist() == pytest.approx(exact, rel=1e-5)


def test_ears_hear_the_story(reader: Reader):
    reader.click_cell(9, 7)
    reader.shown(query=9, key=7)
    live = "document.querySelector('.inspector .live').textContent"
    reader.page.wait_for_function(f'{live}.startsWith(\'query 9 "t9" attends to key 7 "t7". Raw logit \')')
    labels = [canvas.get_attribute("aria-label") for canvas in reader.page.locator(".card .map canvas").all()]
    assert labels[0] == "Map of the stage Raw logit: queries 0–11, keys 0–11"
    assert len(labels) == 5


def test_tokens_are_text_and_one_token_is_a_story_too(reader: Reader):
    reader.open("hostile")
    reader.click_cell(1, 0)
    reader.shown(query=1, key=0)
    assert TEXTS["hostile"][0] in reader.texts(".title")[0]
    assert reader.page.evaluate("window.hacked") is None
    assert reader.page.locator(".inspector img").count() == 0
    reader.open("one")
    reader.click_cell(0, 0)
    reader.shown(query=0, key=0)
    assert reader.texts(".value")[3] == "1"
    assert reader.texts(".rest") == [""]


def test_phone_width_does_not_scroll_sideways(reader: Reader):
    reader.page.set_viewport_size({"width": 390, "height": 844})
    reader.page.wait_for_function(f"{MAP}.square.side < 330")
    reader.click_cell(9, 7)
    reader.shown(query=9, key=7)
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 390
    reader.page.mouse.click(*reader.small(4, 8, 6))
    reader.shown(query=8, key=6)
    reader.page.set_viewport_size({"width": 1400, "height": 1000})
    reader.page.wait_for_function(f"{MAP}.square.side > 330")


def test_a_run_that_is_gone_says_so(reader: Reader):
    reader.page.route("**/cell/**", lambda route: route.fulfill(status=404, json={"error": routes.LOST_RUN}))
    reader.click_cell(9, 7)
    reader.wait(STATE, state="lost")
    reader.page.unroute("**/cell/**")
    assert reader.texts(".notice") == [routes.LOST_RUN]
    reader.errors.clear()  # the browser writes a line of its own for every 404


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("9/0/1/1", "there is no layer 9: this run has layers 0 to 3"),
        ("0/9/1/1", "there is no head 9: this run has heads 0 to 3"),
        ("0/0/12/1", "there is no query 12: this run has queries 0 to 11"),
        ("0/0/1/12", "there is no key 12: this run has keys 0 to 11"),
        ("0/0/1/1?stage=none", "there is no stage 'none'"),
    ],
)
def test_route_refuses_with_a_sentence(traces: dict[str, Trace], path: str, sentence: str):
    store = RunStore()
    client = TestClient(Starlette(routes=routes.attention_routes(store)))
    response = client.get(f"/cell/{store.add(traces['plain'])}/{path}")
    assert response.status_code == 404
    assert sentence in json.loads(response.content)["error"]


def test_component_holds_all_its_scripts_and_nothing_that_gradio_would_evaluate():
    assert sorted(SCRIPTS) == sorted(path.name for path in HERE.iterdir() if path.name.endswith(".js"))
    for name in ("view.html", "view.css"):
        assert not [sign for sign in ("${", "{{", "`", "\\") if sign in source(HERE, name)]
    assert not [name for name in SCRIPTS if "innerHTML" in source(HERE, name)]
