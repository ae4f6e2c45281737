"""The mask lab: every cell is that of `workbench.masks`, and what a teacher does is answered on screen."""

from collections.abc import Callable
from typing import Any

import pytest

from gemma2_workbench.apps.explorer.mask_lab import MOST_TOKENS, Situation, masks
from gemma2_workbench.apps.explorer.mask_lessons import LESSONS
from gemma2_workbench.apps.explorer.savables import SAVABLES
from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.save.savable import Savables
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.setting import Setting
from tests.apps.conftest import resize

TEXT = "red blue green seven nine red blue green seven nine"
SAYS = "document.querySelector('.mask .headline')?.textContent.includes({})"


@pytest.fixture(scope="module")
def run(session: Session) -> str:
    return session.run("tiny", TEXT)[0]


def fields(name: str) -> dict[str, Any]:
    about = {"title", "sentence", "query", "key", "needs"}
    return {field: value for field, value in vars(LESSONS[name]).items() if field not in about}


@pytest.mark.parametrize("name", LESSONS)
def test_every_cell_of_a_lesson_is_the_models_own_mask(name: str, session: Session, run: str, tell: Tell) -> None:
    told: Any = masks(session, Situation(run=run, words=True, **fields(name)), tell)
    lesson = LESSONS[name]
    slots = lesson.tokens + lesson.padding + lesson.spare if lesson.cache == "static" else None
    setting = Setting(
        lesson.tokens, lesson.window, padding=lesson.padding, side=lesson.side, decode=lesson.decode,
        chunk=lesson.chunk or None, cache=lesson.cache, slots=slots, causal=lesson.causal, packed=lesson.packed or None,
        prefix=lesson.prefix or None,
    )  # fmt: skip
    for layer, kind in enumerate(told["kinds"]):
        calls = layer_masks(setting, layer)
        assert kind["holds"] == [list(mask.holds) for mask in calls]
        for mask in calls:
            for row, query in enumerate(mask.call.rows):
                assert kind["reasons"][query][mask.keys.start : mask.keys.stop] == mask.reasons[row].tolist()
    if name == "decoding":
        assert told["kinds"][0]["reasons"][11][:8] == [2] * 8, "what the cache dropped lies outside the window"
        assert [len(held) for held in told["kinds"][0]["holds"]] == [lesson.window - 1] * 5


def test_the_reach_of_the_model_has_its_own_window_and_layers(session: Session, run: str, tell: Tell) -> None:
    told: Any = masks(session, Situation(run=run, **fields("window")), tell)
    assert (told["reach"]["model"]["window"], told["reach"]["model"]["layers"][:2]) == (32, ["local", "global"])
    assert told["reach"]["local"]["first"][9][2] == 3
    assert "model" not in masks(session, Situation(**fields("window")), tell)["reach"]


def test_what_cannot_be_is_a_sentence(session: Session, tell: Tell) -> None:
    for change, words in (
        ({"window": 0}, "window=0"),
        ({"tokens": MOST_TOKENS + 1}, "at most 96"),
        ({"spare": 99}, "99 spare"),
    ):
        with pytest.raises(ValueError, match=words):
            masks(session, Situation(**fields("window") | change), tell)


def test_the_pass_that_is_shown_is_saved(session: Session, run: str) -> None:
    shown = {"kind": "mask", "run": run, "words": True, **fields("decoding"), "step": 2}
    recipe = Savables(SAVABLES).recipe(session, shown)
    assert recipe.captions() == ["local layer 0, decode 9", "global layer 1, decode 9"]
    assert len(Savables(SAVABLES).recipe(session, shown | {"step": None}).captions()) == 10
    assert recipe.changes == ("window 4 instead of tiny's 32",)


def says(page: Any, words: str) -> None:
    page.wait_for_function(SAYS.format(repr(words)))


def test_a_class_is_told_why_9_does_not_see_2(open_page: Callable[..., Any]) -> None:
    page = open_page("look=mask&names=positions")
    says(
        page,
        "In a local layer 9 cannot look at 2: it lies 7 back, a window of 4 reaches 3 back. In a global layer it can.",
    )
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    says(page, "In every layer 9 looks at 6")
    page.keyboard.press("+")
    says(page, "a window of 5 reaches 4 back")
    assert "lab=window_5" in page.url
    page.click(".mask .told button")
    assert page.evaluate("workbench.selection.lab") == {}
    says(page, "a window of 4")
    counts = page.eval_on_selector_all(".mask .key > b", "(all) => all.map((one) => Number(one.textContent))")
    assert counts == [42, 78, 36, 0, 66, 66]


def test_pointing_is_answered_above_the_grids(open_page: Callable[..., Any]) -> None:
    page = open_page("look=mask")
    says(page, "red 9 cannot look at blue 2")
    canvas = page.locator(".grid-of.global canvas")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] - 20 - 11 * 30)
    says(page, "In no layer can")
    page.mouse.move(5, 5)
    says(page, "red 9 cannot look at blue 2")
    widths = page.eval_on_selector_all(".mask .grid-of canvas", "(all) => all.map((one) => one.clientHeight)")
    assert widths[0] == widths[1]


def test_decoding_begins_at_its_first_pass_and_goes_on_step_by_step(open_page: Callable[..., Any]) -> None:
    page = open_page("look=mask")
    page.click(".mask [data-lesson=decoding]")
    page.wait_for_selector(".mask .where:has-text('pass 1 of 5: prefill 0–7')")
    says(page, "cannot look at")
    page.keyboard.press("n")
    page.wait_for_selector(".mask .where:has-text('pass 2 of 5: decode 8')")
    assert page.inner_text(".mask .held-by .of >> nth=0") == "3 of 9 kept"
    assert page.inner_text(".mask .held-by .of >> nth=1") == "9 of 9 kept, no limit"
    page.click(".mask [data-lesson=sides]")
    page.wait_for_selector(".mask .cache:has-text('none is kept: a later token changes every row.')")
    page.click(".mask summary")
    assert page.locator(".mask input[aria-label^='New tokens']").is_disabled()


def test_nothing_of_it_is_cut(open_page: Callable[..., Any]) -> None:
    page = open_page("look=mask&lesson=left&lab=tokens_12.padding_2.decode_3&pass=3")
    says(page, "window")
    root = "document.documentElement"
    for size in ((1400, 900), (1920, 1080), (390, 844)):
        resize(page, size)
        assert page.evaluate(f"{root}.scrollWidth <= innerWidth"), size
        assert page.eval_on_selector(
            ".mask .grids",
            "(box) => box.scrollHeight <= box.clientHeight + 1 && box.scrollWidth <= box.clientWidth + 1",
        ), size
        if size[0] > 900:
            assert page.evaluate(f"{root}.scrollHeight <= innerHeight"), size
            assert page.eval_on_selector(".mask .lab", "(box) => box.scrollHeight <= box.clientHeight"), size
