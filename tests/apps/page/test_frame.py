"""The frame of the page in a browser: what it opens with, running, the address, the strip, keys, traces, presenting."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gemma2_workbench import capture, load, save_trace
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.traces.file import load_trace
from tests.apps.conftest import READY, resize, served

Open = Callable[..., Any]
HOSTILE = 'Hi <img src=x onerror="window.hacked=1"> ${window.hacked=7*6} \\ שלום'
SIZES = "[document.documentElement.scrollWidth, innerWidth, document.documentElement.scrollHeight, innerHeight]"
SELECTED = "workbench.selection"


def text_of(page: Any) -> str:
    return str(page.input_value("#text"))


def test_the_first_visit_opens_at_the_strongest_head(open_page: Open) -> None:
    page = open_page(fresh=True)
    run = page.evaluate("({opening: workbench.data.run.opening, scores: workbench.data.run.scores.induction})")
    layer, head = map(int, re.findall(r"\d+", run["opening"]["head"]))
    assert run["scores"][layer][head] == max(map(max, run["scores"]))
    assert page.inner_text("#status") == "exact"
    assert "equal to transformers" in page.get_attribute("#status", "title")
    assert page.inner_text("#forecast .fc >> nth=0").split() == ["green", "0.903"]
    assert "?" not in page.url.rstrip("?")
    assert page.evaluate("[...document.querySelectorAll('footer')].filter((f) => f.checkVisibility()).length") == 1


def test_the_main_state_does_not_scroll(open_page: Open) -> None:
    page = open_page()
    for size in ((1400, 900), (1920, 1080)):
        resize(page, size)
        width, inner, height, outer = page.evaluate(SIZES)
        assert (width, height) == (inner, outer)


def test_a_phone_stacks_and_does_not_scroll_sideways(open_page: Open) -> None:
    page = open_page(size=(390, 844))
    width, inner, height, outer = page.evaluate(SIZES)
    assert width == inner
    assert height > outer
    tops = [page.locator(f"#{name}").bounding_box()["y"] for name in ("tokens", "map", "heads", "inspector")]
    assert tops == sorted(tops)
    for name in ("run", "model", "save"):
        assert page.locator(f"#{name}").bounding_box()["height"] >= 44


def test_an_example_runs_on_a_click_and_back_undoes_it(open_page: Open) -> None:
    page = open_page()
    page.press("#text", "Alt+ArrowDown")
    page.click("role=menuitemradio[name=/^Sink/]")
    page.wait_for_function("workbench.data.run.text.startsWith('It was')")
    assert text_of(page).startswith("It was")
    page.go_back()
    page.wait_for_function("workbench.data.run.text.startsWith('red')")
    assert text_of(page).startswith("red")


def test_an_edited_text_is_marked_until_it_runs(open_page: Open) -> None:
    page = open_page()
    held: list[Any] = []

    def hold(route: Any) -> None:
        if route.request.post_data_json["about"] == "run":
            held.append(route)
        else:
            route.continue_()

    page.route("**/workbench/ask", hold)
    page.evaluate("document.querySelector('#text').focus()")
    page.keyboard.press("Control+End")
    page.keyboard.type(" x")
    page.wait_for_function("document.querySelector('#status').textContent !== 'exact'")
    page.wait_for_selector("#page.stale")
    while len(held) < 2:  # the first letter ran at once, and is broken off
        page.wait_for_timeout(20)
    held[1].continue_()
    page.unroute("**/workbench/ask")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("y")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("workbench.data.run.text.endsWith(' x\\ny')")
    page.wait_for_function("document.querySelector('#status').textContent === 'exact'")
    assert page.evaluate("document.activeElement.id") == "text"


def test_a_fast_model_runs_as_one_types(open_page: Open) -> None:
    page = open_page()

    def faster(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r'"seconds":[\d.e-]+', '"seconds":0.1', answer.text()))

    page.route("**/workbench/ask", faster)
    page.fill("#text", "red blue")
    page.press("#text", "Enter")
    page.wait_for_function("workbench.data.run.text === 'red blue'")
    page.keyboard.press("End")
    page.keyboard.type(" red")
    page.wait_for_function("workbench.data.run.text === 'red blue red'")
    assert page.evaluate("document.activeElement.id") == "text"
    assert "text=red+blue+red" in page.url
    page.unroute_all(behavior="ignoreErrors")  # answers that nobody waits for any more


def test_a_run_that_fails_says_why_and_keeps_what_was_shown(open_page: Open) -> None:
    page = open_page()
    page.click("#model")
    page.fill("role=textbox[name='Name, folder or hub id']", "./nothing-here")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=there is no folder './nothing-here'")
    page.keyboard.press("Escape")
    page.fill("#text", "")
    page.press("#text", "Enter")
    page.wait_for_selector("#page[data-state=failed]")
    assert "the text is empty" in page.inner_text("role=alert")
    assert page.evaluate("workbench.data.run.text").startswith("red")


def test_what_is_loaded_is_said_before(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.click("#model")
    page.click(".models .item >> text=tiny-ner")
    page.wait_for_function("workbench.data.run.model === 'tiny-ner'")
    assert "tiny-ner" in page.inner_text("#model")
    assert "model=tiny-ner" in page.url


def test_an_address_opens_what_it_says(open_page: Open) -> None:
    page = open_page("text=Emma+met+Emma&layer=2&head=1&query=3&key=1&stage=attn_scores", fresh=True)
    chosen = page.evaluate(SELECTED)
    assert {name: chosen[name] for name in ("head", "query", "key", "stage")} == {
        "head": "L2H1",
        "query": 3,
        "key": 1,
        "stage": "attn_scores",
    }
    page.click("#tokens [data-at='2']")
    assert "head=L2H1" in page.url
    assert "layer=" not in page.url
    page.reload()
    page.wait_for_selector(READY)
    assert page.evaluate(SELECTED)["query"] == 2


def test_the_strip_reads_as_people_read(open_page: Open) -> None:
    page = open_page("text=" + quote("café שלום 👩\n"))
    shown = page.locator("#tokens [data-at]").all_inner_texts()
    assert "".join(shown).replace("␣", " ") == "<bos>café שלום 👩↵"
    assert page.get_attribute("#tokens [data-at] >> text=é", "title").endswith("é = C3 A9: byte 1, C3")
    boxes = [page.locator("#tokens [data-at]").nth(shown.index(letter)).bounding_box() for letter in "שם"]
    assert boxes[0]["x"] > boxes[1]["x"]  # from right to left


def test_tokens_are_chosen_by_pointer_and_keys(open_page: Open) -> None:
    page = open_page()
    page.click("#tokens [data-at='5']")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(SELECTED)["query"] == 6
    assert page.get_attribute("#tokens [data-at='6']", "aria-selected") == "true"
    assert page.evaluate("document.activeElement.dataset.at") == "6"
    page.wait_for_function("document.querySelector('#page > .live').textContent.includes('seven 6')")


def test_text_never_becomes_markup(open_page: Open) -> None:
    page = open_page(f"text={quote(HOSTILE)}")
    assert text_of(page) == HOSTILE
    assert page.evaluate("[window.hacked ?? null, document.querySelectorAll('#page img').length]") == [None, 0]


def test_a_trace_is_opened_without_its_model(open_page: Open, tmp_path: Path) -> None:
    file = Path(save_trace(capture(load("tiny"), "Emma was here"), tmp_path / "mine.safetensors"))
    (tmp_path / "bad.safetensors").write_bytes(b"no trace")
    with ExitStack() as stack:
        url = stack.enter_context(served(Session(traces=[("first", load_trace(file))])))
        page = open_page(url=url, refusals=True)
        assert (text_of(page), page.inner_text("#model").split()[:2]) == ("Emma was here", ["trace", "first"])
        page.click("#model")
        page.set_input_files("input[type=file]", tmp_path / "bad.safetensors")
        page.wait_for_selector(".said >> text=bad.safetensors")
        assert "/tmp" not in page.inner_text(".said")
        page.set_input_files("input[type=file]", file)
        page.wait_for_function("workbench.selection.trace !== null")
        page.wait_for_selector(READY)
        assert page.evaluate("workbench.data.run.text") == "Emma was here"
        page.close()


def test_presenting_shows_no_chrome(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("p")
    page.wait_for_selector("#story >> text=0.903")
    for name in ("top", "foot", "heads", "inspector", "forecast"):
        assert page.locator(f"#{name}").is_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('#tokens')).fontSize") == "28px"
    head = page.inner_text("#story .who")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(head) => document.querySelector('#story .who').innerText !== head", arg=head)
    page.keyboard.press("Escape")
    page.wait_for_selector("#top", state="visible")


def test_the_map_is_near_by_keyboard(open_page: Open) -> None:
    page = open_page(fresh=True)
    stops = 0
    while not page.evaluate("Boolean(document.activeElement.closest('#map'))"):
        page.keyboard.press("Tab")
        stops += 1
        assert stops <= 6
    page.evaluate("document.activeElement.blur()")
    page.reload()
    page.wait_for_selector(READY)
    page.keyboard.press("Tab")
    assert page.inner_text(":focus") == "Skip to the map"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    page.keyboard.press("?")
    page.wait_for_selector("dialog >> text=What is what")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_modes_keep_their_texts(open_page: Open) -> None:
    page = open_page("text=Emma+was+here")
    page.click("role=button[name=Classify]")
    assert page.evaluate(SELECTED)["mode"] == "classify"
    assert text_of(page) != "Emma was here"
    page.click("role=button[name=Explore]")
    assert text_of(page) == "Emma was here"
