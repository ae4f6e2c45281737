"""The attention tab: the canvas component on the run that is shown."""

from typing import Any

from apps.explorer.address import place_in
from apps.explorer.components.attention.component import attention_value, attention_view
from apps.explorer.tabs.shared import Shared, explain
from workbench import view_named


def build(shared: Shared) -> None:
    """Put the attention component into the current tab."""
    view = attention_view(elem_id="attention")
    explain(view_named("attention"))

    def show(run: str, place: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        trace = shared.session.store.find(run)
        return (attention_value(run, trace, **place_in(trace, place)) if trace is not None else {}), {}

    inputs, outputs = [shared.run, shared.place], [view, shared.place]
    shared.run.change(show, inputs, outputs, queue=False, show_progress="hidden", api_visibility="private")
