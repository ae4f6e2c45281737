"""Why a number, what a change does, A beside B and patching, in a browser: keyboard, address, and no error."""

from collections.abc import Callable
from typing import Any, TypeAlias

Open: TypeAlias = Callable[..., Any]


def texts(page: Any, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def wait_for(page: Any, selector: str, text: str) -> None:
    page.locator(selector, has_text=text).first.wait_for()


def test_a_cell_is_explained_and_a_head_switched_off_and_restored_by_keyboard(open_page: Open) -> None:
    page = open_page()
    page.wait_for_selector("#inspector .st")
    big = page.inner_text("#inspector .t32")
    values = texts(page, "#inspector .st .v")
    assert values[3] == big == texts(page, "#inspector .rr > span:nth-child(3)")[0]
    assert page.evaluate(
        "document.querySelector('#inspector').scrollHeight <= document.querySelector('#inspector').clientHeight"
    )
    page.keyboard.press("x")
    wait_for(page, "#changes .outcome", "KL")
    wait_for(page, "#inspector .say", "nothing of it is written")
    assert texts(page, "#inspector .st .v")[3:] == [big, "0"]
    assert texts(page, "#inspector .st .d")[4].startswith(f"was {values[4]}")
    assert "off=" in page.url
    page.keyboard.press("r")
    wait_for(page, "#inspector .st .d", "of W")
    assert texts(page, "#inspector .st .v") == values
    assert "off=" not in page.url


def test_stages_keys_and_heads_are_links_and_keep_the_focus(open_page: Open) -> None:
    page = open_page()
    page.wait_for_selector("#inspector .st")
    page.focus("#inspector .st[data-stage=attn_scores]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#inspector .st[data-stage=attn_scores][aria-pressed=true]")
    assert page.evaluate("document.activeElement.dataset.stage") == "attn_scores"
    key = page.locator("#inspector .rr").nth(2).get_attribute("data-key")
    page.locator("#inspector .rr").nth(2).click()
    page.wait_for_function("key => new URLSearchParams(location.search).get('key') === key", arg=key)
    page.locator("#inspector .oth button").nth(0).click()
    wait_for(page, "#inspector h2 .m", "H0")


def test_a_hidden_cell_says_why(open_page: Open) -> None:
    page = open_page("head=L0H0&query=5&key=12")
    wait_for(page, "#inspector .t32", "comes later")
    assert "comes 7 tokens after" in page.inner_text("#inspector .say")
    assert texts(page, "#inspector .st .v")[2:] == ["−∞", "0", "0"]


def test_settings_are_changed_in_the_menu_and_impossible_ones_refused(open_page: Open) -> None:
    page = open_page()
    page.click("#changes .change-menu button")
    page.fill("[aria-label='Attention cap']", "0")
    page.keyboard.press("Enter")
    wait_for(page, "#changes .error", "the attention cap 0 is not allowed")
    page.fill("[aria-label='Attention cap']", "5")
    page.keyboard.press("Enter")
    wait_for(page, "#changes .outcome", "KL")
    assert [chip.split() for chip in texts(page, "#changes .chip")] == [["cap", "5", "×"]]
    assert "cap=5" in page.url
    page.click("#changes .chip button")
    page.wait_for_selector("#changes:not([data-on])")


def test_before_and_after_lie_side_by_side(open_page: Open) -> None:
    page = open_page("off=L4H5&head=L5H3&look=compare")
    wait_for(page, "#map .outcome h3", "KL")
    page.locator("#map .maps canvas[aria-label*='B − A']").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function("new URLSearchParams(location.search).get('query') === '26'")
    head = page.locator("#map .outcome .link").nth(1).inner_text()
    page.locator("#map .outcome .link").nth(1).click()
    wait_for(page, "#inspector h2 .m", head)


def test_patching_finds_the_copying_heads(open_page: Open) -> None:
    page = open_page("look=patching&patch=head_out&head=L0H0")
    page.click("text=Exchange the last word")
    wait_for(page, "#map .verdict", "brings back")
    assert "logit of green minus red: clean A" in page.inner_text("#map .baselines")
    assert page.inner_text("#map .verdict b").startswith("L5H")
    page.locator("#map .patched canvas").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function("new URLSearchParams(location.search).get('head') === 'L1H1'")
