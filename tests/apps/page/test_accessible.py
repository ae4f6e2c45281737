"""axe-core finds no serious fault on the main states, light and dark."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

SERIOUS = ("serious", "critical")
ALL = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
# What another theme may change.
COLOURS = ("color-contrast",)
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
    page = open_page(search, size=size)
    assert faults(page) == []
    go_dark(page)
    assert faults(page, COLOURS) == []


def test_no_serious_fault_where_something_is_open(open_page: Callable[..., Any]) -> None:
    page = open_page()
    for rules in (ALL, COLOURS):
        for opener in (".examples", "#model", ".change-menu button", "role=button[name=Help]"):
            page.click(opener)
            assert faults(page, rules) == []
            page.keyboard.press("Escape")
        go_dark(page)


def go_dark(page: Any) -> None:
    page.evaluate("document.body.classList.add('dark')")


def faults(page: Any, rules: Sequence[str] = ALL) -> list[str]:
    """Serious violations inside our page: rule, what it says, and the first place."""
    page.wait_for_selector("[data-settled=true]")
    found = Axe().run(page, context="#page", options={"runOnly": rules})
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found.response["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"][:3]
    ]
