"""axe-core on our page: serious faults of the WCAG 2.1 rules, levels A and AA."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe

SERIOUS = ("serious", "critical")
ALL = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
# What another theme may change.
COLOURS = ("color-contrast",)


def faults_of_both_themes(page: Any) -> list[str]:
    """All rules in light, colours in the dark, where the page then stays."""
    found = faults(page, ALL)
    page.evaluate("document.body.classList.add('dark')")
    return found + faults(page, COLOURS)


def faults(page: Any, rules: Sequence[str]) -> list[str]:
    """Serious violations inside our page: rule, what it says, and the first places."""
    page.wait_for_selector("#page[data-settled=true]")
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, context="#page", options=options)
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found.response["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"][:3]
    ]
