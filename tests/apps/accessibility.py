"""axe-core on our page: serious faults of the WCAG 2.1 rules, levels A and AA."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

SERIOUS = ("serious", "critical")
ALL = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
# What another theme may change.
COLOURS = ("color-contrast",)


def faults_of_both_themes(page: Any, where: str = "#page") -> list[str]:
    """All rules in light, colours in the dark, and light again."""
    found = faults(page, where, ALL)
    page.evaluate("document.body.classList.add('dark')")
    found += faults(page, where, COLOURS)
    page.evaluate("document.body.classList.remove('dark')")
    return found


def faults(page: Any, where: str, rules: Sequence[str]) -> list[str]:
    """Serious violations inside elements of our page: rule, what it says, and the first places."""
    page.wait_for_selector("#page[data-settled=true]")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    found = page.evaluate("async (given) => (await axe.run(...given)).violations", [where, options])
    return [
        f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for each in found
        if each["impact"] in SERIOUS
        for node in each["nodes"][:3]
    ]
