"""The explorer on saved traces: all that was captured is shown, what needs the model says so, and none is loaded."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gemma2_workbench import LoadedModel, SetSoftcap, Trace, capture, load
from gemma2_workbench.apps.explorer.app import build_app, launch_options
from gemma2_workbench.apps.page.session import Session, free_name
from gemma2_workbench.figures import colours
from gemma2_workbench.traces.file import load_trace, save_trace
from gemma2_workbench.traces.readers.lens import Lens

VIEW = "document.querySelector('.attention').attention"
LENS = "document.querySelector('.lens')?.lens"
TEXT = "The President of the United States met Emma in Paris, and Emma <b>was</b> glad."
ABSENT = "This needs the model"
PIXEL = """([query, key]) => {
    const [canvas, {square, view}] = [document.querySelector('.cells'), document.querySelector('.attention').attention];
    const [cell, scale] = [square.side / view.size, canvas.width / canvas.getBoundingClientRect().width];
    const [x, y] = [square.left + (key + 0.5) * cell, square.top + (query + 0.5) * cell];
    return [...canvas.getContext('2d').getImageData(x * scale, y * scale, 1, 1).data.slice(0, 3)];
}"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files: of a model that is not here, with a lens, of a modified model, of a model that sees both sides."""
    folder, tiny = tmp_path_factory.mktemp("traces"), load("tiny")
    far = capture(load("tiny", dtype="bfloat16"), TEXT)
    origin = {"name": "google/gemma-2-2b", "source": "google/gemma-2-2b", "revision": "c5ebcd40d2", "device": "cuda:0"}
    traces = {
        "far": replace(far, model=replace(far.model, weights_sha256=None, dtype="bfloat16", **origin)),
        "lens": capture(
            tiny, "Emma was glad to see him.", read=("attention", "folds", "lens", "contributions"), parity=False
        ),
        "both": capture(load("tiny-ner"), TEXT, parity=False),
        "changed": capture(tiny, "Emma was here", interventions=[SetSoftcap(5.0)], parity=False),
    }
    return {name: Path(save_trace(trace, folder / f"{name}.safetensors")) for name, trace in traces.items()}


@pytest.fixture(scope="module")
def site(saved: dict[str, Path]) -> Iterator[Any]:
    session = Session(traces=[(name, load_trace(saved[name])) for name in ("far", "lens", "both")])
    app = build_app(session)
    _, url, _ = app.launch(prevent_thread_lock=True, server_name="127.0.0.1", **launch_options(session))
    yield SimpleNamespace(url=url, session=session)
    app.close()


@pytest.fixture(scope="module")
def page(browser: Any, site: Any) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.goto(site.url)
    ready(page, "far")
    yield page
    page.close()
    assert not errors


def ready(page: Any, name: str) -> None:
    """Wait until the map of a saved trace is painted."""
    page.wait_for_selector(f"#status:has-text('saved trace {name}')")
    page.wait_for_function(f"{VIEW}?.state === 'ready' && {VIEW}.shown.layer === {VIEW}.layer")


def choose(page: Any, name: str) -> None:
    page.locator("#saved-trace input").click()
    page.get_by_role("option", name=f"{name} ·").click()
    open_tab(page, "Attention map")
    ready(page, name)


def open_tab(page: Any, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()


def assert_painted(page: Any, trace: Trace, cells: tuple[tuple[int, int], ...]) -> None:
    """The colours of some cells of the first head are those of the numbers in the file."""
    exact, table = trace.stage(0, 0).numpy(), colours.lut("sequential", False).astype(int)
    for query, key in cells:
        step = int(np.floor(255 * np.sqrt(exact[query, key]) + 0.5))
        assert np.abs(np.array(page.evaluate(PIXEL, [query, key])) - table[step]).max() <= 6


def test_the_page_shows_the_trace_and_whose_it_is(page: Any, saved: dict[str, Path]) -> None:
    trace = load_trace(saved["far"])
    assert page.locator("#text textarea").input_value() == TEXT
    status = page.locator("#status").text_content()
    for words in ("google/gemma-2-2b · bfloat16", "revision c5ebcd40d2", trace.parity.sentence):
        assert words in status
    assert_painted(page, trace, ((0, 0), (7, 3), (12, 12), (14, 9)))
    assert page.locator(".reasons").text_content().count("future")


def test_what_needs_the_model_says_so_in_its_place(page: Any, site: Any) -> None:
    open_tab(page, "Softcap")
    page.wait_for_selector(f"#softcap-facts .notice:has-text('{ABSENT}')")
    page.wait_for_selector("#softcap-dots .main-svg")
    with page.expect_download() as download:
        page.get_by_role("tabpanel").get_by_role("button", name="Save", exact=True).locator("visible=true").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    page.get_by_text("The final logits have a cap too").click()
    page.wait_for_selector("#final-facts .notice:has-text('--model google/gemma-2-2b --dtype bfloat16')")
    open_tab(page, "Mask lab")
    page.get_by_text("What would another window change?").click()
    page.wait_for_selector(f"#window-told:has-text('{ABSENT}')")
    open_tab(page, "Logit lens")
    page.wait_for_selector(f"#lens-said .notice:has-text('{ABSENT}')")
    for control in ("#slider-softcap", "#slider-final_softcap", "#window-run", "#lens"):
        assert not page.locator(control).is_visible()
    page.locator("#run").click()
    page.wait_for_selector("#status .problem:has-text('no model is chosen')")
    assert not site.session.kept.every(LoadedModel)


def test_a_lens_that_was_saved_is_shown(page: Any, site: Any, saved: dict[str, Path]) -> None:
    choose(page, "lens")
    open_tab(page, "Logit lens")
    page.wait_for_function(f"{LENS}?.id")
    lens = load_trace(saved["lens"]).reading("lens", Lens)
    shown = page.locator(".lens .top td.logit").first.get_attribute("title")
    assert np.float32(shown) == lens.top_logits[-1, -1, 0].numpy()
    page.locator("#lens-token textarea, #lens-token input").fill("Emma")
    page.locator("#lens-token textarea, #lens-token input").press("Enter")
    page.wait_for_selector(f"#lens-said .notice:has-text('{ABSENT}')")
    assert page.locator("#lens .cell").count()
    page.locator("#lens-token textarea, #lens-token input").fill("")
    assert not site.session.kept.every(LoadedModel)


def test_a_model_that_sees_both_sides_has_no_future(page: Any, saved: dict[str, Path]) -> None:
    choose(page, "both")
    trace = load_trace(saved["both"])
    assert_painted(page, trace, ((0, 7), (3, 14), (12, 2)))
    assert not page.locator(".reasons").text_content()
    assert "sees both sides" in page.locator("#status").text_content()
    spot = page.evaluate(f"({{square: {VIEW}.square, size: {VIEW}.view.size}})")
    cell = spot["square"]["side"] / spot["size"]
    position = {"x": spot["square"]["left"] + 14.5 * cell, "y": spot["square"]["top"] + 3.5 * cell}
    page.locator(".marks").click(position=position)
    page.wait_for_selector("#inspector .between:has-text('visible: 11 tokens ahead, the window reaches 32 each way')")
    assert re.search(r"1[0-9] ahead", page.locator("#inspector .row").text_content())
    open_tab(page, "Head view")
    page.wait_for_function("document.querySelector('.head-view').headView?.drawn > 0")
    weights = trace.stage(0, 0).numpy()
    assert page.evaluate("document.querySelector('.head-view').headView.drawn") == (weights >= 0.02).sum()


def test_a_classifier_that_is_run_has_no_lens_and_says_why(page: Any, site: Any) -> None:
    page.locator("#model input").fill("tiny-ner")
    page.locator("#model input").press("Enter")
    page.locator("#run").click()
    page.wait_for_selector("#status .good:has-text('exact')")
    open_tab(page, "Logit lens")
    page.wait_for_selector("#lens-said:has-text('it has no language-model head')")
    open_tab(page, "Softcap")
    page.wait_for_selector("#final-facts:has-text('no language-model head')")
    assert page.locator("#saved-trace input").input_value() == ""
    # Now that its model is loaded, the saved trace of the same weights can be asked what if.
    choose(page, "both")
    open_tab(page, "Softcap")
    page.wait_for_selector("#softcap-facts:has-text('nothing is changed')")
    assert [model.name for model in site.session.kept.every(LoadedModel)] == ["tiny-ner"]


def test_a_trace_can_be_opened_in_the_page(page: Any, site: Any, saved: dict[str, Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(saved["changed"].read_bytes()[:-100])
    upload = page.locator("#open-trace input, input[type=file][accept*=safetensors]").first
    upload.set_input_files(broken)
    page.wait_for_selector("#status .problem:has-text('cut off')")
    assert str(tmp_path) not in page.locator("#status").text_content()
    open_tab(page, "Attention map")
    upload.set_input_files(saved["changed"])
    ready(page, "changed")
    assert page.locator("#status :text('modified model')").get_attribute("title") == "attention softcap 5"
    assert page.locator("#text textarea").input_value() == "Emma was here"
    choose(page, "far")
    choose(page, "changed")
    assert "changed" not in site.session.traces  # nobody else can choose it


def test_the_address_brings_a_trace_back_on_a_phone(browser: Any, site: Any) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(f"{site.url}?trace=lens&layer=2&head=1")
    ready(page, "lens")
    assert page.evaluate(f"[{VIEW}.layer, {VIEW}.head]") == [2, 1]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_names_stay_apart() -> None:
    assert [free_name("a", taken) for taken in ((), ("a",), ("a", "a (2)"))] == ["a", "a (2)", "a (3)"]
