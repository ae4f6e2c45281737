"""axe-core finds no serious fault on the main states, light and dark."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

SERIOUS = ("serious", "critical")
STATES: dict[str, tuple[str, tuple[int, int]]] = {
    "first": ("", (1400, 900)),
    "off": ("off=L5H2.L5H3.L5H4", (1400, 900)),
    "lines": ("view=lines", (1400, 900)),
    "text": ("view=text", (1400, 900)),
    "compare": ("look=compare&off=L4H5", (1400, 900)),
    "patching": ("look=patching", (1400, 900)),
    "hidden cell": ("head=L0H0&query=5&key=12", (1400, 900)),
    "present": ("present=1", (1920, 1080)),
    "phone": ("", (390, 844)),
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_no_serious_fault(open_page: Callable[..., Any], state: str, dark: bool) -> None:
    search, size = STATES[state]
    page = open_page(search, size=size, dark=dark)
    if "off=" in search:
        page.wait_for_function("workbench.data.pair !== null")
    assert faults(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_serious_fault_where_something_is_open(open_page: Callable[..., Any], dark: bool) -> None:
    page = open_page(dark=dark)
    for opener in (".examples", "#model", ".change-menu button", "role=button[name=Help]"):
        page.click(opener)
        assert faults(page) == []
        page.keyboard.press("Escape")


def faults(page: Any) -> list[str]:
    """Serious violations inside our page: rule, what it says, and the first place."""
    page.evaluate("new Promise((done) => requestIdleCallback(done))")
    found = Axe().run(page, context="#page", options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found.response["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"][:3]
    ]
