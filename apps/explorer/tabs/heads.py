"""The head view tab: the component, and its figure to take away, with the heads and options that are on in it."""

from typing import Any

import gradio as gr

from gemma2_workbench import Trace, view_named
from gemma2_workbench.apps.explorer.components.head_view.component import head_view, head_view_value
from gemma2_workbench.apps.page.download import Taken, take_away
from gemma2_workbench.apps.page.shared import Shared, explain

CHOICES = ("layer", "heads", "unit", "bos", "threshold")


def build(shared: Shared) -> None:
    """Put the head view into the current tab."""
    view = head_view(elem_id="head-view")
    explain(view_named("heads"))
    chosen = gr.State({})  # what is on in the component
    with gr.Row(elem_classes="take-away"):
        with gr.Column(scale=0, min_width=140):
            part = gr.Textbox(label="Tokens", placeholder="all, or 0:64", max_lines=1)
        take_away(shared, "heads", [chosen, part], taken)

    def show(run: str) -> dict[str, Any]:
        trace = shared.session.store.find(run)
        return head_view_value(run, trace) if trace is not None else {}

    # A word about the run before, which comes after a new run has started, says nothing about the new one.
    def hear(run: str, event: gr.EventData) -> Any:
        return {name: getattr(event, name) for name in CHOICES} if getattr(event, "run", None) == run else gr.skip()

    quiet: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    shared.run.change(show, shared.run, view, **quiet)
    view.select(hear, shared.run, chosen, trigger_mode="always_last", **quiet)


def taken(trace: Trace, chosen: dict[str, Any], part: str) -> Taken:
    """The links that are shown; of a long text the part that the reader names, `first:stop`."""
    positions = {"positions": part.strip()} if part.strip() else {}
    return Taken(trace, view_named("heads"), chosen | positions)
