"""The mask lab in a real browser: what a teacher does, and what the page then says."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from gemma2_workbench import SetWindow, Trace, load, predict, tokenize
from gemma2_workbench.apps.explorer.components.mask.lessons import EARLIER
from gemma2_workbench.apps.explorer.tabs import mask
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.page.shared import Shared
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.masks.words import explain
from gemma2_workbench.models.shipped import DEFAULT
from gemma2_workbench.records.reading import read_record
from gemma2_workbench.records.redraw import drawn_again

WORDS = ("<bos>", "Emma", '<img src=x onerror="window.hacked = 1">', "${window.hacked = 7*6}", "saw", "it")
TEXT = "red blue green red blue green"
SQUARE = """canvas => {
    const lab = canvas.closest('.mask-lab');
    const box = canvas.getBoundingClientRect();
    return {x: box.x, y: box.y, ...lab.lab};
}"""


@pytest.fixture(scope="module")
def url(make_trace: Callable[..., Trace]) -> Iterator[str]:
    session = Session()
    known, _ = session.run(DEFAULT, TEXT)
    with gr.Blocks() as demo:
        run, dark = gr.State(""), gr.State(False)
        text = gr.Button("run", elem_id="run")
        mask.build(Shared(session, run, dark, gr.State({}), gr.Textbox()))
        text.click(lambda: session.store.add(make_trace(WORDS)), None, run)
        real = gr.Button("run the model", elem_id="run-model")
        real.click(lambda: known, None, run)
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", run_history=False)
    yield address
    demo.close()


class Teacher:
    """Somebody at the page: playwright's page and the words of this test."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def says(self, selector: str, words: str) -> None:
        """Wait until a part of the picture holds these words."""
        self.page.wait_for_selector(f"#mask-view {selector}:has-text('{words}')")

    def read(self, selector: str) -> str:
        return self.page.locator(f"#mask-view {selector}").text_content()

    def point(self, query: int, key: int) -> str:
        """Point at a cell; what the page says of it."""
        spot = self.page.locator("#mask-view canvas.map")
        spot.scroll_into_view_if_needed()
        at = spot.evaluate(SQUARE)
        x = at["x"] + at["left"] + (key - at["key"] + 0.5) * at["cell"]
        y = at["y"] + at["top"] + (query - at["row"] + 0.5) * at["cell"]
        self.page.mouse.move(x, y)
        return self.read(".readout")

    def slide(self, name: str, value: int) -> None:
        """Give a slider its value by its number field."""
        field = self.page.locator(f"#mask-{name} input[type=number]")
        field.fill(str(value))
        field.press("Enter")

    def choose(self, label: str) -> None:
        self.page.get_by_label(label, exact=True).check()


@pytest.fixture(scope="module")
def page(browser: Any, url: str) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(url)
    yield page
    page.close()


@pytest.fixture
def teacher(page: Any) -> Iterator[Teacher]:
    visitor = Teacher(page)
    page.mouse.move(0, 0)
    visitor.choose("Causal")
    visitor.says(".badge", "layer 1 · global")
    visitor.choose("Sliding window")
    visitor.says(".badge", "layer 0 · local · window 4")
    yield visitor
    assert not visitor.errors


def test_cells_say_in_words_why_they_are_hidden_without_any_text(teacher: Teacher):
    (exact,) = layer_masks(Setting(12, 4, ("local", "global") * 3), 0)
    said = teacher.point(9, 3)
    assert said == "query 9 cannot see key 3: it is 6 tokens back, the window is 4"
    for query, key in ((2, 7), (9, 7), (11, 11), (0, 0)):
        assert teacher.point(query, key) == explain(exact, query, key)


def test_counts_are_those_of_the_mask(teacher: Teacher):
    (exact,) = layer_masks(Setting(12, 4, ("local", "global") * 3), 0)
    visible, future, outside = (int((exact.reasons == code).sum()) for code in (0, 1, 2))
    assert re.findall(r"\d+", teacher.read(".legend")) == [str(visible), str(future), str(outside)]
    assert "hidden: outside window" in teacher.read(".legend")


def test_a_longer_window_lets_a_query_see_more_and_information_reach_farther(teacher: Teacher):
    assert "4 after layer 0" in teacher.read(".reach-note")
    teacher.slide("window", 7)
    teacher.says(".badge", "window 7")
    assert teacher.point(9, 3) == "query 9 sees key 3: it is 6 tokens back, the window is 7"
    teacher.page.mouse.move(0, 0)
    teacher.says(".reach-note", "7 after layer 0")


def test_a_lesson_can_be_taken_again_after_a_change(teacher: Teacher):
    teacher.slide("window", 7)
    teacher.says(".badge", "window 7")
    teacher.choose("Sliding window")
    teacher.says(".badge", "window 4")


def test_decoding_shows_the_keys_that_the_cache_still_holds(teacher: Teacher):
    teacher.choose("Decoding with a cache")
    teacher.says(".pass", "pass 5 of 5: decode 11")
    exact = layer_masks(Setting(12, 4, ("local", "global") * 3, decode=4), 0)[-1]
    assert exact.keys == range(8, 12)
    assert teacher.point(11, 8) == explain(exact, 11, 8)
    held = teacher.page.locator("#mask-view canvas.cache").first.get_attribute("aria-label")
    assert held.endswith("decode 11: 3 keys held")
    teacher.slide("step", 0)
    teacher.says(".pass", "pass 1 of 5: prefill 0–7")


def test_a_static_cache_has_slots_that_nobody_sees(teacher: Teacher):
    teacher.choose("Static cache")
    teacher.says(".pass", "pass 3 of 5: decode 9")
    assert teacher.point(9, 13).endswith("this slot of the static cache is not written yet")


def test_what_is_saved_is_what_is_shown_and_is_redrawn(teacher: Teacher, tmp_path: Path):
    teacher.choose("Decoding with a cache")
    teacher.says(".pass", "pass 5 of 5: decode 11")
    with teacher.page.expect_download() as started:
        teacher.page.get_by_role("button", name="Save").click()
    file = tmp_path / started.value.suggested_filename
    started.value.save_as(file)
    known = read_record(file)
    assert (known.record["layers"], known.record["passes"]) == ([0], [4])
    assert known.record["setting"]["decode"] == 4
    assert drawn_again(known).same


def test_both_sides_have_no_future_and_no_cache(teacher: Teacher):
    teacher.choose("Both sides")
    teacher.says(".summary", "each sees 5 to 9 keys")
    assert teacher.point(3, 6) == "query 3 sees key 6: it is 3 tokens ahead, the window is 4 to each side"
    assert not teacher.page.locator("#mask-view canvas.cache").count()
    assert teacher.page.locator("#mask-decode input[type=number]").is_disabled()
    teacher.choose("Sliding window")
    teacher.says(".summary", "each sees 1 to 4 keys")
    assert teacher.page.locator("#mask-decode input[type=number]").is_enabled()


def test_the_text_with_pads_and_the_address(teacher: Teacher):
    teacher.page.click("#run")
    teacher.choose("the text")
    teacher.slide("padding", 2)
    teacher.says(".summary", "8 queries over 8 keys")
    assert teacher.point(3, 1) == 'query 3 "Emma" cannot see key 1 "<pad>": it is padding'
    assert teacher.point(5, 4) == f'query 5 "{WORDS[3]}" sees key 4 "{WORDS[2]}": it is 1 token back, the window is 4'
    assert teacher.page.evaluate("window.hacked") is None
    assert "mask_padding=2" in teacher.page.url
    teacher.says(".remarks", "window 4 instead of random\\'s 5")


def test_a_lesson_sets_every_control(teacher: Teacher):
    teacher.choose("Left padding")
    teacher.says(".summary", "3 queries (padding) see nothing")
    for name, value in (("tokens", "9"), ("padding", "3"), ("window", "4")):
        assert teacher.page.input_value(f"#mask-{name} input[type=number]") == value


def test_another_window_is_run_and_its_change_told(teacher: Teacher):
    loaded = load()
    ids = tokenize(loaded.tokenizer, TEXT).ids
    expected = predict(loaded, ids, [SetWindow(2)]).divergence_from(predict(loaded, ids))
    teacher.page.click("#run-model")
    teacher.says(".remarks", f"instead of {DEFAULT}\\'s {loaded.config.sliding_window}")
    teacher.slide("window", 2)
    teacher.says(".badge", "window 2")
    teacher.page.get_by_text("What would another window change?").click()
    teacher.page.click("#window-run")
    teacher.page.wait_for_selector("#window-told:has-text('Modified model')")
    said = teacher.page.locator("#window-told").text_content()
    moved = float(re.search(r"moves by (\S+) nats", said)[1])
    assert moved == pytest.approx(expected, rel=1e-3)
    assert re.search(r"It changes \d[\d,]* of \d[\d,]* outputs", said)
    teacher.page.wait_for_selector("#window-plot .js-plotly-plot .gtitle:has-text('layer 0, head 0')")
    for plot in ("", "-before", "-after"):
        selector = f"#window-plot{plot} .legendtext:text-is('hidden: after the change')"
        teacher.page.wait_for_selector(selector, state="attached")


def test_an_impossible_situation_is_a_sentence():
    lab = mask.Lab(SimpleNamespace(session=Session()))
    shown, *sliders = lab.draw("", "positions", 12, 0, 0, EARLIER, 0, "left", "dynamic", 0, 0, 4, 0)
    assert shown == {"problem": "window=0 must be at least 1"}
    assert sliders == [gr.skip()] * len(mask.FITTED)


def test_the_mask_is_reached_with_the_keyboard(teacher: Teacher):
    teacher.page.mouse.move(0, 0)
    teacher.page.locator("#mask-view canvas.map").focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowRight"):
        teacher.page.keyboard.press(key)
    assert teacher.read(".readout") == "query 9 cannot see key 1: it is 8 tokens back, the window is 4"
    teacher.page.keyboard.press("Escape")
    assert teacher.read(".readout").startswith("Point at a cell")
