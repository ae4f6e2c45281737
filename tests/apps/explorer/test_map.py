"""The middle in a browser: it shows the run's own numbers, moves by keys and clicks, and publishes what it shows."""

from collections.abc import Callable
from typing import Any

import pytest

from gemma2_workbench.figures.page_colours import page_lut

Open = Callable[..., Any]
MAP = "#map [data-look=attention]"
SHOWN = "#map [data-shown='{}']"
LABEL = "document.querySelector('#map canvas').getAttribute('aria-label')"
# The colour of a cell of the map.
PIXEL = """([query, key]) => {
  const canvas = document.querySelector('#map canvas');
  const { left, top, cell } = workbench.data.mapBox;
  const [x, y] = [left + (key + 0.5) * cell, top + (query + 0.5) * cell];
  return [...canvas.getContext('2d').getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data];
}"""


def shown(page: Any, what: str) -> None:
    page.wait_for_selector(SHOWN.format(what))


def point(page: Any, query: int, key: int) -> tuple[float, float]:
    box = page.evaluate("workbench.data.mapBox")
    origin = page.locator("#map canvas").first.bounding_box()
    return (
        origin["x"] + box["left"] + (key + 0.5) * box["cell"],
        origin["y"] + box["top"] + (query + 0.5) * box["cell"],
    )


def row(page: Any) -> dict[str, Any]:
    return page.evaluate("({...workbench.data.row, values: [...workbench.data.row.values]})")


def test_a_cell_has_the_colour_of_its_probability(open_page: Open) -> None:
    page = open_page("head=L5H3&query=27")
    page.wait_for_function("workbench.data.row?.name === 'L5H3' && workbench.data.mapBox?.causal")
    values = row(page)["values"]
    table = page_lut("sequential").tolist()
    for key in (4, 12, 20):
        step = round(255 * values[key] ** 0.5)
        assert page.evaluate(PIXEL, [27, key])[:3] == table[step]
    assert sum(values) == pytest.approx(1, abs=1e-5)
    assert page.evaluate(PIXEL, [3, 20])[3] == 0, "what comes later in the text is left empty"


def test_a_click_chooses_a_cell_and_the_pointer_tells_of_one(open_page: Open) -> None:
    page = open_page("head=L5H3")
    page.wait_for_function("workbench.data.mapBox?.causal")
    page.mouse.move(*point(page, 20, 11))
    tip = page.locator(f"{MAP} .tip")
    assert "20 →" in tip.inner_text()
    assert page.evaluate("workbench.selection.query") is None, "the pointer chooses nothing"
    page.mouse.click(*point(page, 21, 6))
    assert page.evaluate("[workbench.selection.query, workbench.selection.key]") == [21, 6]
    page.keyboard.press("ArrowLeft")
    shown(page, "L5H2 attn_probs now")
    assert page.evaluate("workbench.selection.key") == 6, "a key that was clicked stays through all heads"
    page.keyboard.press("Shift+ArrowUp")
    assert page.evaluate("[workbench.selection.query, workbench.selection.key]") == [20, 6]


def test_the_key_follows_the_strongest_cell(open_page: Open) -> None:
    page = open_page("head=L4H5&query=20")
    page.wait_for_function("workbench.data.row?.name === 'L4H5'")
    assert row(page)["strongest"] == 19
    assert "at 20 looks at" in page.evaluate(LABEL)


def test_keys_choose_stage_and_drawing(open_page: Open) -> None:
    page = open_page("head=L5H3")
    page.keyboard.press("1")
    shown(page, "L5H3 attn_logits now")
    assert page.inner_text("#map .map-legend .said") == "raw logit"
    for key, drawing in (("l", "lines"), ("t", "text"), ("m", "map")):
        page.keyboard.press(key)
        page.wait_for_selector(f"{MAP}[data-drawing={drawing}]")


def test_the_wheel_scrolls_the_page_and_with_control_it_zooms(open_page: Open) -> None:
    page = open_page("head=L5H3", size=(390, 844))
    page.wait_for_function("workbench.data.mapBox?.causal")
    page.locator("#map canvas").first.scroll_into_view_if_needed()
    page.locator("#map canvas").first.hover()
    before = page.evaluate("workbench.data.mapBox.cell")
    page.mouse.wheel(0, 200)
    assert page.evaluate("workbench.data.mapBox.cell") == before
    page.locator("#map canvas").first.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_function("(before) => workbench.data.mapBox.cell > before", arg=before)
    page.keyboard.press("0")
    page.wait_for_function("(before) => workbench.data.mapBox.cell === before", arg=before)


def test_text_is_coloured_by_the_row(open_page: Open) -> None:
    page = open_page("head=L5H3&view=text&query=27")
    page.wait_for_selector("#map .textual .words button")
    page.wait_for_function("workbench.data.row?.name === 'L5H3'")
    values = row(page)["values"]
    shown_values = page.eval_on_selector_all(
        "#map .textual .words:nth-of-type(1) button", "(all) => all.map((one) => one.title)"
    )
    assert float(shown_values[12]) == pytest.approx(values[12], abs=0.001)
    page.click("#map .textual .words:nth-of-type(1) button >> nth=5")
    assert page.evaluate("workbench.selection.query") == 5


def test_words_and_heads_at_once(open_page: Open) -> None:
    page = open_page("head=L5H3")
    page.click("#map summary")
    page.click("#map .view button:has-text('Words')")
    page.wait_for_function("document.querySelector('#map canvas').getAttribute('aria-label').includes('18 words')")
    page.click("#map .view button:has-text('Mean')")
    page.wait_for_function("document.querySelector('#map .title h2').textContent === 'Mean'")
    page.wait_for_selector("#map .map-legend .said:has-text('mean probability, words: mean of the query’s')")
    assert "words=1" in page.url
    assert "over=mean" in page.url
    page.keyboard.press("Escape")
    assert not page.locator("#map .view .panel").is_visible()


def test_a_head_that_is_off_shows_what_it_no_longer_writes(open_page: Open) -> None:
    page = open_page("head=L5H3&off=L5H3")
    shown(page, "L5H3 contribution difference")
    assert page.inner_text("#map .map-legend .said") == "after − before: what it no longer writes"
    page.wait_for_function("workbench.data.row?.side === 'difference'")
    assert max(row(page)["values"]) <= 0
    page.keyboard.press("ArrowLeft")
    shown(page, "L5H2 attn_probs difference")
    assert page.inner_text(f"{MAP} .note") == "Nothing changed in this head"
    page.click("#map .sides button:has-text('Before')")
    shown(page, "L5H2 attn_probs before")
    assert not page.locator(f"{MAP} .note").is_visible()


def test_pinned_heads_stand_side_by_side(open_page: Open) -> None:
    page = open_page("head=L5H3&pins=L5H3.L4H5&ab=1")
    page.wait_for_selector("#map [data-look=attention][data-drawing=compared]")
    page.wait_for_selector("#map .scores .shared b")
    assert page.inner_text("#map .scores .shared b") == "0.08"
    assert page.inner_text("#map .title").startswith("A | B")


def test_nothing_of_the_middle_is_cut(open_page: Open) -> None:
    for size in ((1400, 900), (390, 844), (1920, 1080)):
        page = open_page("head=L5H3", size=size)
        page.wait_for_function("workbench.data.mapBox?.causal")
        box = page.evaluate("workbench.data.mapBox")
        canvas = page.locator("#map canvas").first.bounding_box()
        assert box["cell"] == int(box["cell"])
        assert box["left"] + box["side"] <= canvas["width"]
        assert box["top"] + box["side"] <= canvas["height"]
        page.close()
