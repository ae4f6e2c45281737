"""The heads column, the claim and the atlas in a browser."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gemma2_workbench.apps.page.session import Session
from tests.apps.conftest import served

OFF = "document.querySelectorAll('.head-grid .th.off').length"


def names(page: Any, selector: str) -> list[str]:
    return page.eval_on_selector_all(selector, "all => all.map((one) => one.dataset.head)")


def chosen(page: Any) -> str:
    return page.get_attribute(".head-grid .th.sel", "data-head")


def test_one_click_to_the_surprise(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.wait_for_selector(".claim.triangle")
    assert chosen(page) == "L5H3"
    assert page.inner_text(".claim p").startswith("Three times blue was followed by green.")
    page.click("text=Switch the three copying heads off")
    page.wait_for_selector(".claim .big")
    assert page.inner_text(".claim .big") == "green 0.903 → 0.0003"
    assert page.evaluate(OFF) == 3
    page.click("text=Try L4H5, which feeds them")
    page.wait_for_function("document.querySelector('.claim').textContent.includes('lost its place')")
    assert names(page, ".head-grid .th.off") == ["L4H5"]
    page.click(".claim >> text=Restore")
    page.wait_for_selector(".claim .big", state="detached")
    assert page.evaluate(OFF) == 0


def test_the_claim_leaves_every_cell_free(open_page: Callable[..., Any]) -> None:
    page = open_page("head=L4H0")
    page.wait_for_selector(".claim.triangle p")
    for _ in range(12):
        head = chosen(page)
        touches = page.evaluate(
            "() => { const { left, top } = workbench.data.mapBox, box = document.querySelector('.claim');"
            " const { mapBox } = workbench.data;"
            " return box.offsetTop + box.offsetHeight - top + 0.6 * mapBox.cell > box.offsetLeft - left; }"
        )
        assert not touches, head
        page.keyboard.press("ArrowRight")
        if chosen(page) == head:
            page.keyboard.press("ArrowDown")
            for _ in range(5):
                page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(30)


def test_a_head_goes_off_by_key_cross_and_shift_click(open_page: Callable[..., Any]) -> None:
    page = open_page("head=L2H1")
    page.keyboard.press("x")
    page.hover("[data-head=L0H0].th")
    page.click("[data-head=L0H0].th .x")
    page.click(".head-list [data-head=L5H2]", modifiers=["Shift"])
    assert names(page, ".head-grid .th.off") == ["L0H0", "L2H1", "L5H2"]
    assert names(page, ".head-list .row.off") == ["L5H2", "L2H1", "L0H0"] or len(names(page, ".row.off")) == 3
    assert chosen(page) == "L2H1"
    page.go_back()
    page.wait_for_function(f"{OFF} === 2")
    page.click("[data-head=L1H5].th", position={"x": 20, "y": 30})
    assert chosen(page) == "L1H5"


def test_heads_are_searched_ranked_and_pinned(open_page: Callable[..., Any]) -> None:
    page = open_page()
    assert not page.is_visible("#heads .search")
    page.keyboard.press("/")
    page.keyboard.type("copies")
    assert names(page, "#heads .head-list .row") == ["L5H3", "L5H2", "L5H4"]
    assert page.evaluate("document.querySelectorAll('.th.faded').length") == 33
    page.keyboard.press("Escape")
    page.select_option("#heads select", "previous_token")
    assert names(page, "#heads .head-list .row")[0] == "L4H5"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("a")
    assert page.get_attribute(".th.sel", "data-pin") == "A"
    page.click(".head-list [data-head=L4H5]")
    page.click(".slot:has-text('not pinned')")
    assert page.get_attribute(".pins .side", "aria-pressed") == "true"


def test_random_sequences_rank_where_the_text_cannot(open_page: Callable[..., Any]) -> None:
    page = open_page("text=The+President+met+him.")
    assert "induction" not in page.eval_on_selector_all("#heads option", "all => all.map((one) => one.value)")
    page.click("#heads .said")
    page.click("text=Score all heads on repeated random tokens")
    page.wait_for_selector("#heads .said:has-text('64 random')")
    assert set(names(page, ".head-list .row")[:3]) == {"L5H2", "L5H3", "L5H4"}
    page.click("text=This text")
    assert "badge" in page.inner_text("#heads .said")


def test_the_atlas_frames_heads_and_switches_them_off(open_page: Callable[..., Any]) -> None:
    page = open_page("look=atlas")
    assert page.inner_text(".atlas .sentence") == "3 of 36 heads are in the frame, all in global layers."
    page.click(".score-grid [data-head=L4H5]")
    assert chosen(page) == "L4H5"
    page.click(".scatter .point[data-head=L5H3]")
    assert chosen(page) == "L5H3"
    page.click("text=Switch the 3 off")
    page.wait_for_function(f"{OFF} === 3")
    box = page.locator(".scatter").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + box["height"] - 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 10, box["y"] + 30, steps=4)
    page.mouse.up()
    page.wait_for_function("location.search.includes('frame=')")
    page.keyboard.press("Escape")
    assert page.inner_text(".atlas .sentence").startswith("Draw a frame")


@pytest.fixture(scope="module")
def large(twin_folder: Callable[..., Path]) -> Iterator[str]:
    sizes = {"num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4}
    with served(Session(str(twin_folder(**sizes)))) as url:
        yield url


def test_many_heads_are_cells_that_fit(open_page: Callable[..., Any], large: str) -> None:
    page = open_page("look=atlas", url=large)
    assert page.is_visible("#heads .search")
    cells = page.locator(".head-grid.cells .th")
    assert cells.count() == 208
    grid = page.evaluate(
        "(({ scrollHeight, clientHeight }) => [scrollHeight, clientHeight])(document.querySelector('.cells'))"
    )
    assert grid[0] == grid[1]
    assert "of 208 heads" in page.inner_text(".atlas .sentence")
    page.fill("#heads .search input", "L25H7")
    assert names(page, "#heads .head-list .row") == ["L25H7"]
    page.click(".head-grid [data-head=L25H7]")
    assert page.locator(".score-grid [data-head=L25H7].sel").count() == 1
