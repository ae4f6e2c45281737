"""The part of the mask lab that runs the model: the text with another window, and what that changes."""

from typing import Any

import gradio as gr

from gemma2_workbench import Pair, SetWindow
from gemma2_workbench.apps.explorer.tabs import comparison
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.desk import MODEL
from gemma2_workbench.apps.page.session import ModelAbsentError
from gemma2_workbench.apps.page.shared import Shared

PROGRESS = gr.Progress()


def build_window_change(shared: Shared, window: gr.Slider, layer: gr.Slider) -> None:
    """A folded section that compares the maps of the current text with and without the window of the lab."""
    with gr.Accordion("What would another window change? The text, run again", open=False, elem_id="window-change"):
        gr.Markdown(
            "Runs the current text on a *modified model* whose local layers have the window chosen above, and shows "
            "how much more (red) or less (blue) each query then attends to each key. A cell that only one of the two "
            "windows hides has no difference: it is marked as hidden before, or after, the change. A global layer has "
            "the same mask as before: it changes because the layers below hand it something else. The layer is the "
            "one chosen above."
        )
        with gr.Row(elem_classes="take-away") as controls:
            start = gr.Button("Run with this window", variant="primary", scale=0, min_width=200, elem_id="window-run")
            head = gr.Slider(0, 7, value=0, step=1, label="Head", scale=0, min_width=240, elem_id="window-head")
        told = gr.Markdown(elem_id="window-told")
        with gr.Column(visible=False) as panel:
            maps = comparison.map_row("window-plot-before", "window-plot-after", "window-plot")
    change, results = gr.State(None), WhatIfs(shared.session)

    def compare(run: str, window: int, progress: gr.Progress = PROGRESS) -> tuple[Pair | None, str]:
        trace = shared.session.store.find(run)
        if trace is None:
            return None, "Run a text first."
        progress(None, desc="running the text with the other window")
        try:
            pair = results.pair(run, trace, [SetWindow(int(window))])
        except (ValueError, MemoryError) as error:
            return None, str(error)
        return pair, result_words(pair)

    def draw(pair: Pair | None, layer: int, head: int, dark: bool) -> list[Any]:
        if pair is None:
            return [gr.Column(visible=False), *[gr.skip()] * (1 + len(maps))]
        most = pair.before.heads - 1
        layer = min(int(layer), len(pair.before.layers) - 1)
        pictures = comparison.pictures(pair, layer, min(int(head), most), dark)
        return [gr.Column(visible=True), *pictures, gr.Slider(maximum=max(most, 1))]

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
    gr.on(events, draw, [change, layer, head, shared.dark], [panel, *maps, head], **quick)


def result_words(pair: Pair) -> str:
    """The result in sentences."""
    own, other = (max(info.window or 0 for info in trace.layers) for trace in (pair.before, pair.after))
    T = len(pair.positions)
    words = [f"**Modified model**: window {other} instead of {own}."]
    if min(own, other) >= T:
        return f"{words[0]} All {T} tokens of the text fit into both windows, so nothing changes."
    words += [f"It {effect.sentence}." for effect in pair.after.effects]
    if pair.divergence is not None:
        words.append(
            f"The prediction of the next token moves by {pair.divergence:.4g} nats (KL of the real from the modified "
            "distribution)."
        )
    return " ".join([*words, comparison.part_words(pair)]).rstrip()
