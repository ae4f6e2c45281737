"""The attention tab: the canvas component on the run that is shown."""

from typing import Any

from apps.explorer.components.attention.component import attention_value, attention_view
from apps.explorer.tabs.shared import Shared, explain
from workbench import view_named


def build(shared: Shared) -> None:
    """Put the attention component into the current tab."""
    view = attention_view(elem_id="attention")
    explain(view_named("attention"))

    def show(run: str) -> dict[str, Any]:
        trace = shared.session.store.find(run)
        return attention_value(run, trace) if trace is not None else {}

    shared.run.change(show, shared.run, view, queue=False, show_progress="hidden", api_visibility="private")
