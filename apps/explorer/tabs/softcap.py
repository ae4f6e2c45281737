"""The softcap atlas: which heads feel the cap, one head's logits on the curve, and what other caps would change."""

from typing import Any, cast

import gradio as gr
import numpy as np

from gemma2_workbench import Trace, view_named
from gemma2_workbench.apps.explorer.components.head_grid.component import grid_value, head_grid
from gemma2_workbench.apps.explorer.tabs import softcap_changes
from gemma2_workbench.apps.explorer.tabs.plots import plot_of
from gemma2_workbench.apps.explorer.tabs.softcap_words import head_words
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.address import writing
from gemma2_workbench.apps.page.download import Taken, take_away
from gemma2_workbench.apps.page.shared import Shared, explain
from gemma2_workbench.figures.spec import HeadGrid
from gemma2_workbench.views import softcap as view_softcap
from gemma2_workbench.views import softcap_curve

# What needs no model waits for nobody. It is queued all the same: gradio tells of changed states only from its queue.
QUICK: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
PARTS = {"all heads": "softcap", "this head": "softcap_curve"}
HELP = """
What if the softcap were another one: the run repeated through the whole model with another cap, and what changes.
Everything "after" is of a *modified model*: computed exactly, but not what the released weights do.
"""
# (run, layer, head) that the tab shows.
Spot = tuple[str, int, int]


def build(shared: Shared) -> None:
    """Put the atlas into the current tab."""
    spot = gr.State(("", 0, 0))
    with gr.Row():
        with gr.Column(scale=3, min_width=340):
            grid = head_grid(elem_id="softcap-grid")
        with gr.Column(scale=2, min_width=340):
            metric = _choice(shared, spot, grid)
            words = gr.Markdown(elem_id="softcap-words")
    _curve(shared, spot, words)
    with gr.Row(elem_classes="take-away"):
        with gr.Column(scale=0, min_width=180):
            part = gr.Dropdown(list(PARTS), value=next(iter(PARTS)), label="What")
        take_away(shared, "softcap", [part, metric, spot], _taken)
    results = WhatIfs(shared.session)
    softcap_changes.attention_cap(shared, spot, results)
    softcap_changes.final_cap(shared, spot, results)
    explain(view_softcap.VIEW, softcap_curve.VIEW, HELP)


def _choice(shared: Shared, spot: gr.State, grid: gr.HTML) -> gr.Dropdown:
    """What the grid shows, which is returned, and which head is looked at; both ways to choose end in `spot`."""
    metric = gr.Dropdown(
        [(known.label, known.name) for known in view_softcap.METRICS], value="largest_logit", label="Quantity"
    )
    with gr.Row():
        layer = gr.Dropdown([0], value=0, label="Layer", elem_id="softcap-layer")
        head = gr.Dropdown([0], value=0, label="Head", elem_id="softcap-head")
    wish = gr.Textbox("", visible="hidden")
    shared.address.link("softcap_head", wish)

    def fill(run: str, metric: str) -> dict[str, Any]:
        trace = shared.session.store.find(run)
        if trace is None:
            return {}
        return grid_value(cast(HeadGrid, view_softcap.figure(view_softcap.VIEW.table(trace, metric=metric))))

    def arrive(run: str, spot: Spot, wish: str) -> tuple[Any, ...]:
        trace = shared.session.store.find(run)
        if trace is None:
            return gr.skip(), gr.skip(), gr.skip()
        layers = gr.Dropdown([(f"{info.index} · {info.kind}", info.index) for info in trace.layers])
        place = _wanted(trace, wish) or (spot[1:] if spot[0] else None)
        return (run, *_within(trace, place)), layers, gr.Dropdown(list(range(trace.heads)))

    def show(spot: Spot) -> tuple[Any, ...]:
        return spot[1], spot[2], gr.HTML(chosen=spot[1:])

    def click(spot: Spot, event: gr.EventData) -> tuple[Spot, str]:
        return (spot[0], event.layer, event.head), f"{event.layer}.{event.head}"

    def select(spot: Spot, layer: int, head: int) -> tuple[Spot, str]:
        return (spot[0], layer, head), f"{layer}.{head}"

    gr.on([shared.run.change, metric.input], fill, [shared.run, metric], grid, api_visibility="private")
    shared.run.change(arrive, [shared.run, spot, wish], [spot, layer, head], **QUICK)
    spot.change(show, spot, [layer, head, grid], **QUICK)
    chosen = grid.select(click, spot, [spot, wish], **QUICK)
    written = gr.on([layer.input, head.input], select, [spot, layer, head], [spot, wish], **QUICK)
    for event in (chosen, written):
        event.then(None, wish, None, js=writing("softcap_head"))
    return metric


def _curve(shared: Shared, spot: gr.State, words: gr.Markdown) -> None:
    """The dots on the curve, the density beside it, the divergence of each query below, and all that in words."""
    with gr.Row():
        with gr.Column(scale=3, min_width=340):
            dots = gr.Plot(show_label=False, container=False, elem_id="softcap-dots")
        with gr.Column(scale=2, min_width=340):
            density = gr.Plot(show_label=False, container=False, elem_id="softcap-density")
    rows = gr.Plot(show_label=False, container=False, elem_id="softcap-rows")

    def draw(spot: Spot, dark: bool) -> tuple[Any, ...]:
        run, layer, head = spot
        trace = shared.session.store.find(run)
        if trace is None:
            return "Run a text to see what the softcap does to it.", None, None, None
        frame = softcap_curve.table(trace, layer, head)
        parts = (softcap_curve.curve_figure, softcap_curve.density_figure, softcap_curve.row_figure)
        return head_words(trace, layer, head, frame), *(plot_of(part(frame), dark) for part in parts)

    outputs = [words, dots, density, rows]
    gr.on([spot.change, shared.dark.change], draw, [spot, shared.dark], outputs, api_visibility="private")


def _taken(trace: Trace, part: str, metric: str, spot: Spot) -> Taken:
    """All heads, or the one that is looked at."""
    view = view_named(PARTS[part])
    options: dict[str, Any] = {"layer": spot[1], "head": spot[2]}
    if view is view_softcap.VIEW:
        options = {"metric": metric}
    return Taken(trace, view, options)


def _wanted(trace: Trace, wish: str | None) -> tuple[int, int] | None:
    """The layer and head that an address names as "layer.head", if the run has them."""
    layer, _, head = (wish or "").partition(".")
    if not (layer.isdecimal() and head.isdecimal()):
        return None
    place = int(layer), int(head)
    return place if place[0] < len(trace.layers) and place[1] < trace.heads else None


def _within(trace: Trace, place: tuple[int, int] | None) -> tuple[int, int]:
    """The place the reader had, as far as the run has it; at first the head with the largest logit."""
    if place is not None:
        return min(place[0], len(trace.layers) - 1), min(place[1], trace.heads - 1)
    layer, head = np.unravel_index(int(trace.folds["largest_logit"].argmax()), (len(trace.layers), trace.heads))
    return int(layer), int(head)
