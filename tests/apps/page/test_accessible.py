"""axe-core finds no serious fault on the main states, light and dark."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.apps.accessibility import ALL, COLOURS, faults, faults_of_both_themes

STATES: dict[str, tuple[str, tuple[int, int]]] = {
    "first": ("", (1400, 900)),
    "off": ("off=L5H2.L5H3.L5H4", (1400, 900)),
    "lines": ("view=lines", (1400, 900)),
    "text": ("view=text", (1400, 900)),
    "prediction": ("look=prediction&off=L5H3", (1400, 900)),
    "compare": ("look=compare&off=L4H5", (1400, 900)),
    "patching": ("look=patching", (1400, 900)),
    "hidden cell": ("head=L0H0&query=5&key=12", (1400, 900)),
    "present": ("present=1", (1920, 1080)),
    "phone": ("", (390, 844)),
    "softcap": ("look=softcap&cap=5", (1400, 900)),
    "mask": ("look=mask&lesson=decoding", (1400, 900)),
    "mask on a phone": ("look=mask&lesson=left", (390, 844)),
}


@pytest.mark.parametrize("state", STATES)
def test_no_serious_fault(open_page: Callable[..., Any], state: str) -> None:
    search, size = STATES[state]
    assert faults_of_both_themes(open_page(search, size=size)) == []


@pytest.mark.parametrize(("dark", "rules"), [(False, ALL), (True, COLOURS)], ids=["light", "dark"])
def test_no_serious_fault_where_something_is_open(
    open_page: Callable[..., Any], dark: bool, rules: tuple[str, ...]
) -> None:
    page = open_page(dark=dark)
    for opener in (".examples", "#model", ".change-menu button", "role=button[name=Help]"):
        page.click(opener)
        assert faults(page, rules) == []
        page.keyboard.press("Escape")
