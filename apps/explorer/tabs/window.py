"""The part of the mask lab that runs the model: the text with another window, and what that changes."""

from typing import Any

import gradio as gr

from gemma2_workbench.apps.explorer.tabs.plots import plot_of
from gemma2_workbench.apps.page.desk import MODEL
from gemma2_workbench.apps.page.session import ModelAbsentError
from gemma2_workbench.apps.page.shared import Shared
from gemma2_workbench.what_if.window import WindowChange, change_window, difference_figure

# The largest map that a plot still draws at once.
MOST_TOKENS = 256
PROGRESS = gr.Progress()


def build_window_change(shared: Shared, window: gr.Slider, layer: gr.Slider) -> None:
    """A folded section that compares the maps of the current text with and without the window of the lab."""
    with gr.Accordion("What would another window change? The text, run again", open=False, elem_id="window-change"):
        gr.Markdown(
            "Runs the current text on a *modified model* whose local layers have the window chosen above, and shows "
            "how much more (red) or less (blue) each query then attends to each key. A global layer has the same mask "
            "as before: it changes because the layers below hand it something else. The layer is the one chosen above."
        )
        with gr.Row(elem_classes="take-away") as controls:
            start = gr.Button("Run with this window", variant="primary", scale=0, min_width=200, elem_id="window-run")
            head = gr.Slider(0, 7, value=0, step=1, label="Head", scale=0, min_width=240, elem_id="window-head")
        told = gr.Markdown(elem_id="window-told")
        plot = gr.Plot(show_label=False, container=False, visible=False, elem_id="window-plot")
    change = gr.State(None)

    def compare(run: str, window: int, progress: gr.Progress = PROGRESS) -> tuple[Any, str]:
        trace = shared.session.store.find(run)
        if trace is None:
            return None, "Run a text first."
        if len(trace.tokens) > MOST_TOKENS:
            return None, f"The text has {len(trace.tokens)} tokens; the difference is drawn up to {MOST_TOKENS}."
        progress(None, desc="running the text with the other window")
        try:
            found = change_window(shared.session.model_of(trace), trace, int(window))
        except ValueError as error:
            return None, str(error)
        return found, _told(found)

    def draw(found: WindowChange | None, layer: int, head: int, dark: bool) -> tuple[Any, Any]:
        if found is None:
            return gr.Plot(visible=False), gr.skip()
        heads = found.real.heads
        frame = found.table(min(int(layer), len(found.real.layers) - 1), min(int(head), heads - 1))
        return gr.Plot(plot_of(difference_figure(frame), dark), visible=True), gr.Slider(maximum=max(heads - 1, 1))

    def arrive(run: str) -> tuple[None, str, gr.Row]:
        """A difference belongs to the text it was made from; without the model there is none to make."""
        trace = shared.session.store.find(run)
        try:
            if trace is not None:
                shared.session.model_of(trace)
        except ModelAbsentError as error:
            return None, str(error), gr.Row(visible=False)
        return None, "", gr.Row(visible=True)

    compared = shared.session.desk.in_turn(compare)
    start.click(compared, [shared.run, window], [change, told], show_progress_on=told, **MODEL)
    shared.run.change(arrive, shared.run, [change, told, controls], queue=False, api_visibility="private")
    events = [change.change, layer.change, head.input, shared.dark.change]
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    gr.on(events, draw, [change, layer, head, shared.dark], [plot, head], **quick)


def _told(found: WindowChange) -> str:
    """The result in a sentence."""
    own = max(info.window or 0 for info in found.real.layers)
    T = len(found.real.tokens)
    badge = f"**Modified model**: window {found.window} instead of {own}. "
    if min(own, T) == min(found.window, T):
        return badge + f"All {T} tokens of the text fit into both windows, so nothing changes."
    if found.divergence is None:
        return badge
    return badge + (
        f"The prediction of the next token moves by {found.divergence:.4g} nats (KL of the real from the modified "
        "distribution)."
    )
