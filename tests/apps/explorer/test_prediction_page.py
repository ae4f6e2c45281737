"""Prediction in a browser: it opens at the last position, cells and parts are links, long work is asked about first."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from gemma2_workbench.apps.explorer import lens_columns
from gemma2_workbench.apps.page.session import Session
from tests.apps.conftest import served

GRID = "#map .lens-grid button"
CHOSEN = f"{GRID}[aria-pressed=true]"
LOOK = "look=prediction"


def wait_for(page: Any, selector: str, text: str) -> None:
    page.locator(selector, has_text=text).first.wait_for()


def selected(page: Any, name: str) -> Any:
    return page.evaluate("name => workbench.selection[name]", name)


def test_it_opens_at_the_last_position_and_cells_and_parts_are_links(open_page: Callable[..., Any]) -> None:
    page = open_page(LOOK)
    wait_for(page, "#map .claim", "Only the last layer turns it into green, with 0.90.")
    wait_for(page, ".prediction-side .hero", "12.22")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.locator(CHOSEN).get_attribute("aria-label").startswith("layer 5, position 27 ue: says green, 0.90")
    page.click(f"{GRID}[data-row='4'][data-column='3']")
    assert (selected(page, "query"), selected(page, "stream")) == (23, 4)
    page.wait_for_selector("#tokens [data-at='23'][aria-selected=true]")
    wait_for(page, ".prediction-side h2", "at position 23")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert (selected(page, "query"), selected(page, "stream")) == (24, 5)
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    page.click(".prediction-side [data-head=L4H5]")
    page.wait_for_selector("#heads [data-head=L4H5][aria-pressed=true], #heads [data-head=L4H5].sel")
    assert selected(page, "head") == "L4H5"


def test_a_token_is_followed_by_a_click_or_typed(open_page: Callable[..., Any]) -> None:
    page = open_page(f"{LOOK}&quantity=rank")
    page.locator("#map .tops .top", has_text="color").click()
    wait_for(page, ".prediction-side h2", "Who writes color?")
    page.wait_for_function("document.querySelector('#map .lens-grid button[aria-pressed=true]').textContent === '2'")
    page.fill("#map input.token", "no such token")
    page.keyboard.press("Enter")
    wait_for(page, "#map .note", "is not one token of tiny")
    assert page.locator("#map .lens-grid").is_visible()
    page.fill("#map input.token", "green")
    page.keyboard.press("Enter")
    wait_for(page, ".prediction-side h2", "Who writes green?")
    page.fill(".prediction-side input", "red")
    page.keyboard.press("Enter")
    wait_for(page, ".prediction-side .hero", "logit of green minus red")


def test_a_change_is_shown_beside_the_chosen_position(open_page: Callable[..., Any]) -> None:
    page = open_page(f"{LOOK}&off=L5H2.L5H3.L5H4")
    wait_for(page, "#map .claim", "instead of green (0.90). It shows from layer 5 on.")
    wait_for(page, ".prediction-side h2", "changed")
    changes = page.locator("#map .lens-grid .cell").all_inner_texts()[1::2]
    assert changes[:-1] == ["0.00"] * 6
    assert changes[-1].startswith("−8")


def test_what_takes_long_is_asked_first_shown_as_it_comes_and_cancelled(
    open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = lens_columns.unembedded

    def slow(*given: Any) -> Any:
        time.sleep(1)
        return quick(*given)

    monkeypatch.setattr(lens_columns, "unembedded", slow)
    session = Session()
    session.kept.add(("lens seconds", "tiny"), 1.0)
    with served(session) as url:
        page = open_page(LOOK, url=url)
        wait_for(page, "#map .note", "Read all 27")
        assert page.locator(f"{GRID}.unread").count() == 7 * 7
        wait_for(page, "#map .claim", "Only the last layer turns it into green")
        page.get_by_text("Read all 27").click()
        page.wait_for_function("document.querySelectorAll('#map .lens-grid .unread').length < 49")
        page.get_by_role("button", name="Cancel", exact=True).first.click()
        wait_for(page, "#map .note", "Read all")
        assert page.locator(f"{GRID}.unread").count() < 49
    session.desk.close()
