"""The whole explorer in a real browser, as `make app` opens it, on the embedded checkpoint."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from gemma2_workbench.apps.explorer.app import build_app, launch_options
from gemma2_workbench.apps.explorer.tabs.order import tabs
from gemma2_workbench.apps.page.session import Session

VIEW = "document.querySelector('.attention').attention"
HOSTILE = 'Hello <img src=x onerror="window.hacked=1"> ${window.hacked=7*6} \\ שלום 😀'


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


@pytest.fixture(scope="module")
def url(session: Session) -> Iterator[str]:
    app = build_app(session)
    _, address, _ = app.launch(prevent_thread_lock=True, server_name="127.0.0.1", **launch_options(session))
    yield address
    app.close()


class Page:
    """A page of the explorer with everything it asked for and complained about."""

    def __init__(self, browser: Any, url: str, query: dict[str, Any], width: int = 1400) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 1000})
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{url}?{urlencode(query)}")
        self.page.wait_for_selector("#status .good")
        self.page.wait_for_function(f"{VIEW} && {VIEW}.state === 'ready'")

    def run(self, text: str) -> None:
        """Type a text and run it."""
        self.page.locator("#text textarea").fill(text)
        self.page.locator("#run").click()

    def place(self) -> dict[str, Any]:
        """What the attention view shows."""
        return self.page.evaluate(f"({{...{VIEW}, view: null}})")

    def wait_for_run_after(self, run: str) -> None:
        self.page.wait_for_function(f"{VIEW}.run !== {run!r} && {VIEW}.state === 'ready'")


@pytest.fixture
def open_page(browser: Any, url: str) -> Iterator[Any]:
    opened: list[Page] = []

    def start(width: int = 1400, **query: Any) -> Page:
        opened.append(Page(browser, url, query, width))
        return opened[-1]

    yield start
    for page in opened:
        page.page.close()


def test_the_page_opens_on_a_text_and_stays_on_this_machine(open_page, url: str, session: Session) -> None:
    page = open_page()
    tokens = page.page.locator("#status span").first.text_content()
    trace = session.store.find(page.place()["run"])
    assert tokens == f"{len(trace.tokens)} tokens"
    assert {request.split("?")[0].startswith((url, "data:", "blob:")) for request in page.requests} == {True}
    assert not page.errors


def test_text_is_text_whatever_it_holds(open_page, session: Session) -> None:
    page = open_page()
    before = page.place()["run"]
    page.run(HOSTILE)
    page.wait_for_run_after(before)
    trace = session.store.find(page.place()["run"])
    assert trace.tokens.text == HOSTILE
    assert page.page.evaluate("window.hacked") is None
    assert "${window.hacked" in page.page.locator("#text textarea").input_value()
    assert not page.errors


def test_a_problem_is_said_and_nothing_is_lost(open_page) -> None:
    page = open_page()
    before = page.place()["run"]
    for text, sentence in (("", "the text is empty"), ("word " * 9000, "tokens; tiny takes at most")):
        page.run(text)
        page.page.wait_for_selector(f"#status .problem:has-text('{sentence}')")
    assert page.place()["run"] == before
    assert page.place()["state"] == "ready"


def test_a_model_that_does_not_exist_is_said(open_page) -> None:
    page = open_page()
    field = page.page.locator("#model input")
    field.fill("no/such<b>model")
    field.press("Enter")
    page.page.locator("#run").click()
    page.page.wait_for_selector("#status .problem:has-text('no/such<b>model')")


def test_the_address_brings_back_the_same_view(open_page, session: Session) -> None:
    page = open_page(text="Anna met Bob and Anna met Bob", layer=3, head=2, stage="attn_logits", query=5, key=2)
    page.page.wait_for_function(f"{VIEW}.shown && {VIEW}.shown.layer === 3")
    place = page.place()
    assert (place["layer"], place["head"], place["stage"], place["query"], place["key"]) == (3, 2, "attn_logits", 5, 2)
    assert session.store.find(place["run"]).tokens.text == "Anna met Bob and Anna met Bob"


def test_the_address_follows_and_back_returns(open_page) -> None:
    page = open_page(text="one two three")
    page.page.get_by_role("tab", name="Head atlas").click()
    page.page.wait_for_function("new URL(location).searchParams.get('tab') === 'atlas'")
    before = page.place()["run"]
    page.run("four five six")
    page.wait_for_run_after(before)
    page.page.wait_for_function("new URL(location).searchParams.get('text') === 'four five six'")
    page.page.go_back()
    page.page.wait_for_selector("#status .good")
    assert page.page.locator("#text textarea").input_value() == "one two three"
    assert page.page.get_by_role("tab", name="Head atlas").get_attribute("aria-selected") == "true"


def test_a_senseless_address_opens_the_page_all_the_same(open_page) -> None:
    page = open_page(layer="x", head=99, stage="nothing", tab="nowhere", query=-5)
    assert page.place()["state"] == "ready"
    assert not page.errors


def test_the_atlas_is_drawn_and_saved(open_page, tmp_path: Path) -> None:
    page = open_page(tab="atlas")
    page.page.wait_for_selector("#plot-atlas .main-svg")
    with page.page.expect_download() as download:
        page.page.get_by_role("tabpanel").get_by_role("button", name="Save", exact=True).locator("visible=true").click()
    download.value.save_as(tmp_path / "atlas.pdf")
    assert (tmp_path / "atlas.pdf").read_bytes().startswith(b"%PDF")


def test_a_phone_needs_no_sideways_scrolling(open_page) -> None:
    page = open_page(width=390)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_every_tab_has_a_name_of_its_own() -> None:
    names = [tab.name for tab in tabs()]
    assert len(set(names)) == len(names) >= 4
