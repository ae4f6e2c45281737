"""The tab of a view: its options as controls, its figure, its numbers and a paper figure to take away."""

from typing import Any

import gradio as gr

from gemma2_workbench import Trace, View
from gemma2_workbench.apps.explorer.tabs.plots import plot_of
from gemma2_workbench.apps.page.download import Taken, take_away
from gemma2_workbench.apps.page.shared import Shared, explain
from gemma2_workbench.views import Option

# A screen has no use for more cells; the command line draws any part.
SCREEN_TOKENS = 512


def build(shared: Shared, view: View) -> None:
    """Put the view into the current tab."""
    controls = {option.name: _control(option) for option in view.options if option.kind != "range"}
    plot = gr.Plot(show_label=False, container=False, elem_id=f"plot-{view.name}")
    note = gr.Markdown(elem_id=f"note-{view.name}")
    explain(view)

    def chosen(trace: Trace, values: tuple[Any, ...]) -> dict[str, Any]:
        return dict(zip(controls, values, strict=True)) | part_of(view, trace)

    def draw(run: str, dark: bool, *values: Any) -> tuple[Any, str]:
        trace = shared.session.store.find(run)
        if trace is None:
            return None, "Run a text to see this view."
        spec = view.figure(view.table(trace, **chosen(trace, values)))
        return plot_of(spec, dark), _note(view, trace)

    def make(trace: Trace, *values: Any) -> Taken:
        return Taken(trace, view, chosen(trace, values))

    with gr.Row(elem_classes="take-away"):
        take_away(shared, view.name, list(controls.values()), make)
    inputs = [shared.run, shared.dark, *controls.values()]
    changes = [shared.run.change, shared.dark.change, *(control.change for control in controls.values())]
    gr.on(changes, draw, inputs, [plot, note], show_progress="hidden", api_visibility="private")
    shared.run.change(_ranges(shared, view), shared.run, list(controls.values()), queue=False, api_visibility="private")


def _control(option: Option) -> Any:
    """The control of one option; indices are bounded when a run arrives."""
    if option.kind == "choice":
        return gr.Dropdown(list(option.choices), value=option.default, label=option.label, scale=0, min_width=200)
    return gr.Slider(0, 1, value=option.default, step=1, label=option.label, scale=0, min_width=240)


def _ranges(shared: Shared, view: View) -> Any:
    """A function that fits the sliders to the layers and heads of a run."""

    def fit(run: str) -> Any:
        trace = shared.session.store.find(run)
        updates = []
        for option in view.options:
            if option.kind in ("layer", "head") and trace is not None:
                count = len(trace.layers) if option.kind == "layer" else trace.heads
                updates.append(gr.Slider(maximum=max(count - 1, 1)))
            elif option.kind != "range":
                updates.append(gr.skip())
        return updates[0] if len(updates) == 1 else updates

    return fit


def part_of(view: View, trace: Trace) -> dict[str, str]:
    """The part of a long text that a screen shows."""
    if len(trace.tokens) <= SCREEN_TOKENS:
        return {}
    return {option.name: f"0:{SCREEN_TOKENS}" for option in view.options if option.kind == "range"}


def _note(view: View, trace: Trace) -> str:
    if not part_of(view, trace):
        return ""
    return f"The first {SCREEN_TOKENS} of {len(trace.tokens)} tokens; the command line draws any part."
