"""The state of the page in its address: copy it, and the same view comes back, after a restart of the server too.

Text or saved trace, model and tab are written when they change; a tab adds its own controls with `link`. Going back or
forward reloads the page from the address it then has.
"""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from gemma2_workbench import STAGES, Trace

# Servers and mail programs cut longer addresses; such a text is left out of it.
LONGEST_TEXT = 4000
# Of numbers in an address; no control goes further.
LARGEST = 10**9
PLACE = ("layer", "head", "stage", "query", "key")
BACK_AND_FORWARD = "() => { window.addEventListener('popstate', () => location.reload()); }"


# Until the tab of the address is open, tabs that open are not the reader's choice.
TABS_ARE_THE_READERS = "() => { window.tabsAreTheReaders = true; }"


class Address:
    """The controls whose values live in the address, by the name of their parameter."""

    def __init__(self) -> None:
        self.controls: dict[str, Any] = {}

    def link(self, name: str, control: Any) -> None:
        """Keep the value of `control` in the parameter `name`; it is written when the reader changes it.

        Raises:
            ValueError: the name is taken.
        """
        if name in self.controls or name in ("text", "trace", "tab", *PLACE):
            raise ValueError(f"the address has a parameter {name!r} already; choose another name")
        self.controls[name] = control
        control.input(None, control, None, js=writing(name))

    def restored(self, query: Mapping[str, str]) -> list[Any]:
        """An update for every linked control, in order: its value from `query`, or nothing to do."""
        return [_restored(control, query.get(name)) for name, control in self.controls.items()]


def place_of(query: Mapping[str, str]) -> dict[str, Any]:
    """Layer, head, stage and cell that an address names; what makes no sense is left out."""
    numbers = {name: whole(query.get(name, "")) for name in PLACE}
    place: dict[str, Any] = {name: number for name, number in numbers.items() if number is not None}
    return place | ({"stage": query["stage"]} if query.get("stage") in STAGES else {})


def whole(text: str) -> int | None:
    """A whole number from 0 in digits 0 to 9, None for anything else; no place has more than nine of them."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def place_in(trace: Trace, place: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a place that `trace` has."""
    T = len(trace.tokens)
    sizes = {"layer": len(trace.layers), "head": trace.heads, "query": T, "key": T}
    return {name: value for name, value in place.items() if name not in sizes or value < sizes[name]}


def writing(name: str, push: bool = False, instead_of: str = "") -> str:
    """Script that writes one value into the address.

    Args:
        name: of its parameter.
        push: make it a step that Back returns from.
        instead_of: another parameter, which then goes.
    """
    method = "pushState" if push else "replaceState"
    return (
        f"(value) => {{ const url = new URL(location.href); url.searchParams.delete('{instead_of}');"
        f"const none = value === null || value === '' || String(value).length > {LONGEST_TEXT};"
        f"if (none) url.searchParams.delete('{name}');"
        f"else url.searchParams.set('{name}', value);"
        f"if (url.href !== location.href) history.{method}(null, '', url); return []; }}"
    )


def on_tab(name: str) -> str:
    """Script that writes the tab `name` when the reader opens it."""
    return f"() => window.tabsAreTheReaders ? ({writing('tab', push=True)})('{name}') : []"


def _restored(control: Any, text: str | None) -> Any:
    """The control's value as the address spells it; an address that makes no sense changes nothing."""
    if text is None:
        return gr.skip()
    if not isinstance(control.value, (int, float)):
        return gr.update(value=text)
    try:
        value = type(control.value)(text)
    except ValueError:
        return gr.skip()
    return gr.update(value=value) if abs(value) <= LARGEST else gr.skip()
