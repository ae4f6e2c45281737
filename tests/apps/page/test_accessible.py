"""axe-core finds no serious fault on the main states, light and dark."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.apps.accessibility import faults_of_both_themes

DESK = (1400, 900)
PHONE = (390, 844)
# Address, size of the window, and what looks as in no state before: to read every colour of all the rest again costs
# seconds.
STATES: dict[str, tuple[str, tuple[int, int], str]] = {
    "first": ("", DESK, "#page"),
    "off": ("off=L5H2.L5H3.L5H4", DESK, "#page"),
    "lines": ("view=lines", DESK, "#map"),
    "text": ("view=text", DESK, "#map"),
    "prediction": ("look=prediction&off=L5H3", DESK, "#main"),
    "compare": ("look=compare&off=L4H5", DESK, "#map"),
    "patching": ("look=patching", DESK, "#main"),
    "hidden cell": ("head=L0H0&query=5&key=12", DESK, "#inspector"),
    "present": ("present=1", (1920, 1080), "#page"),
    "phone": ("", PHONE, "#page"),
    "softcap": ("look=softcap&cap=5", DESK, "#main"),
    "mask": ("look=mask&lesson=decoding", DESK, "#main"),
    "mask on a phone": ("look=mask&lesson=left", PHONE, "#main"),
}
# What opens it, and what is then open.
OPENED = {
    ".examples": ".pop:not([hidden])",
    "#model": ".pop:not([hidden])",
    ".change-menu button": ".pop:not([hidden])",
    "role=button[name=Help]": "dialog[open]",
}


@pytest.mark.parametrize("state", STATES)
def test_no_serious_fault(open_page: Callable[..., Any], state: str) -> None:
    search, size, where = STATES[state]
    assert faults_of_both_themes(open_page(search, size=size), where) == []


def test_no_serious_fault_in_what_opens(open_page: Callable[..., Any]) -> None:
    page = open_page()
    for opener, opened in OPENED.items():
        page.click(opener)
        assert faults_of_both_themes(page, opened) == []
        page.keyboard.press("Escape")
        page.wait_for_selector(opened, state="detached")
