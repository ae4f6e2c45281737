"""The attention tab: the map of the run that is shown, and below it the story of the cell that is pinned in it."""

from typing import Any

import gradio as gr

from gemma2_workbench import Trace, view_named
from gemma2_workbench.apps.explorer.components.attention import attention_move, attention_value, attention_view
from gemma2_workbench.apps.explorer.components.inspector import inspector_value, inspector_view
from gemma2_workbench.apps.explorer.tabs.view import part_of
from gemma2_workbench.apps.page.address import place_in
from gemma2_workbench.apps.page.download import Taken, take_away
from gemma2_workbench.apps.page.shared import Shared, explain

PARTS = {"the map": "attention", "the cell": "cell"}


def build(shared: Shared) -> None:
    """Put the attention component and the cell inspector into the current tab."""
    view = attention_view(elem_id="attention")
    inspector = inspector_view(elem_id="inspector")
    explain(view_named("attention"), view_named("cell"))
    place = gr.State({})  # layer, head, stage, query and key where the reader is
    with gr.Row(elem_classes="take-away"):
        with gr.Column(scale=0, min_width=140):
            part = gr.Dropdown(list(PARTS), value="the map", label="What")
        take_away(shared, "attention", [part, place], _taken)

    def show(run: str, wanted: dict[str, Any], place: dict[str, Any]) -> tuple[Any, Any, dict[str, Any], Any]:
        trace = shared.session.store.find(run)
        if trace is None:
            return {}, {}, {}, {}
        # As the map does: a new run keeps layer, head and stage, but no cell.
        head = {name: place[name] for name in ("layer", "head", "stage") if name in place}
        known = place_in(trace, wanted)
        return attention_value(run, trace, **known), inspector_value(run, **known), place_in(trace, head) | known, {}

    # A word about the run before, which comes after a new run has started, says nothing about the new one.
    def inspect(run: str, event: gr.EventData) -> tuple[Any, Any]:
        here = _place(event)
        return (inspector_value(run, **here), here) if getattr(event, "run", None) == run else (gr.skip(), gr.skip())

    def lead(run: str, event: gr.EventData) -> tuple[Any, Any]:
        here = _place(event)
        return (attention_move(run, **here), here) if getattr(event, "run", None) == run else (gr.skip(), gr.skip())

    quiet: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    shared.run.change(show, [shared.run, shared.place, place], [view, inspector, place, shared.place], **quiet)
    # While an answer is on its way the reader may move on: the last place counts, never an older one.
    view.select(inspect, shared.run, [inspector, place], trigger_mode="always_last", **quiet)
    inspector.select(lead, shared.run, [view, place], trigger_mode="always_last", **quiet)


def _place(event: gr.EventData) -> dict[str, Any]:
    """Where a component says that the reader is; without query and key where nothing is pinned."""
    names = ("layer", "head", "stage", "query", "key")
    return {name: value for name in names if (value := getattr(event, name)) is not None}


def _taken(trace: Trace, part: str, place: dict[str, Any]) -> Taken:
    """The map or the cell that is shown."""
    view = view_named(PARTS[part])
    names = {option.name for option in view.options}
    here = {name: value for name, value in place_in(trace, place).items() if name in names}
    return Taken(trace, view, here | part_of(view, trace))
