"""The two what-if parts of the softcap tab: another cap on the attention logits, another cap on the final logits."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from gemma2_workbench import LoadedModel, Prediction, SetFinalSoftcap, SetSoftcap, Trace
from gemma2_workbench.apps.explorer.components.cap_slider.component import (
    cap_of,
    cap_slider,
    cap_word,
    slider_value,
)
from gemma2_workbench.apps.explorer.components.next_tokens.component import next_tokens
from gemma2_workbench.apps.explorer.tabs import comparison, final_curve, softcap_words
from gemma2_workbench.apps.explorer.tabs.plots import plot_of
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.address import writing
from gemma2_workbench.apps.page.desk import MODEL
from gemma2_workbench.apps.page.shared import Shared, said_of
from gemma2_workbench.apps.page.status.component import status_line
from gemma2_workbench.models.language_model import require_language_model

# Gradio finds the progress bar by this default.
PROGRESS = gr.Progress()
FAILURES = (ValueError, OSError, MemoryError)
OWN: dict[str, Any] = {"facts": [{"text": "the model's own cap: nothing is changed"}]}
# Queued, because gradio tells of changed states only from its queue; but waiting for nobody.
QUICK: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}


def attention_cap(shared: Shared, spot: gr.State, results: WhatIfs) -> None:
    """A slider for the cap of all layers; the maps of the head and the next tokens before and after."""
    gr.Markdown("### What if the attention cap were another one?")
    word = _slider(shared, spot, "attention cap", "softcap", lambda trace, _loaded: trace.layers[0].softcap, results)
    facts = status_line(elem_id="softcap-facts")
    with gr.Column(visible=False) as panel:
        note = gr.Markdown(elem_id="softcap-note")
        maps = comparison.map_row("softcap-map-before", "softcap-map-after", "softcap-map-difference")
        tokens = next_tokens(elem_id="softcap-tokens")

    def draw(spot: tuple[str, int, int], word: str, dark: bool, progress: gr.Progress = PROGRESS) -> list[Any]:
        run, layer, head = spot
        nothing = [gr.skip()] * (2 + len(maps))
        trace = shared.session.store.find(run)
        if trace is None:
            return [{}, gr.Column(visible=False), *nothing]
        cap, own = _cap(word, trace.layers[0].softcap), trace.layers[0].softcap

        def tell(done: int, of: int) -> None:
            progress((done, of), unit="layers")

        try:
            results.model(trace)
            if cap == own:
                return [OWN, gr.Column(visible=False), *nothing]
            pair = results.pair(run, trace, [SetSoftcap(cap)], progress=tell)
        except FAILURES as error:
            return [said_of(error), gr.Column(visible=False), *nothing]
        words = softcap_words.change_words(pair, layer)
        said = softcap_words.change_facts(pair, layer, head)
        likeliest = comparison.token_rows(pair, f"cap {cap_word(own)}", f"cap {cap_word(cap)}")
        return [said, gr.Column(visible=True), words, *comparison.pictures(pair, layer, head, dark), likeliest]

    gr.on(
        [spot.change, word.change, shared.dark.change],
        shared.session.desk.in_turn(draw),
        [spot, word, shared.dark],
        [facts, panel, note, *maps, tokens],
        show_progress_on=facts,
        **MODEL,
    )


def final_cap(shared: Shared, spot: gr.State, results: WhatIfs) -> None:
    """A slider for the cap of the final logits; the logits on the curve and the next tokens before and after."""
    with gr.Accordion("The final logits have a cap too", open=False) as part:
        word = _slider(shared, spot, "final cap", "final_softcap", _own_final_cap, results)
        facts = status_line(elem_id="final-facts")
        with gr.Column(visible=False) as panel:
            note = gr.Markdown(elem_id="final-note")
            with gr.Row():
                with gr.Column(scale=3, min_width=340):
                    dots = gr.Plot(show_label=False, container=False, elem_id="final-dots")
                with gr.Column(scale=2, min_width=340):
                    density = gr.Plot(show_label=False, container=False, elem_id="final-density")
            tokens = next_tokens(elem_id="final-tokens")
    opened = gr.State(False)

    def draw(spot: tuple[str, int, int], word: str, dark: bool, opened: bool) -> list[Any]:
        run = spot[0]
        trace = shared.session.store.find(run)
        if trace is None or not opened:
            return [gr.skip()] * 6
        try:
            loaded = results.model(trace)
            own = require_language_model(loaded).softcap
            cap = _cap(word, own)
            changes = [] if cap == own else [SetFinalSoftcap(cap)]
            pair = results.pair(run, trace, changes, read=("prediction",))
        except FAILURES as error:
            return [said_of(error), gr.Column(visible=False), "", None, None, {}]
        after = pair.after.reading("prediction", Prediction)
        figures = final_curve.curve_figure(after, cap, loaded), final_curve.density_figure(after)
        said, words = softcap_words.final_facts(pair, cap), softcap_words.final_words(after, cap)
        likeliest = comparison.token_rows(pair, f"cap {cap_word(own)}", f"cap {cap_word(cap)}")
        return [said, gr.Column(visible=True), words, *(plot_of(figure, dark) for figure in figures), likeliest]

    part.expand(lambda: True, None, opened, **QUICK)
    gr.on(
        [spot.change, word.change, shared.dark.change, opened.change],
        shared.session.desk.in_turn(draw),
        [spot, word, shared.dark, opened],
        [facts, panel, note, dots, density, tokens],
        show_progress_on=facts,
        **MODEL,
    )


def _own_final_cap(_trace: Trace, loaded: LoadedModel) -> float | None:
    return require_language_model(loaded).softcap


def _slider(
    shared: Shared,
    spot: gr.State,
    name: str,
    parameter: str,
    own_cap: Callable[[Trace, LoadedModel], float | None],
    results: WhatIfs,
) -> gr.State:
    """A slider over caps; the state says where it stands, "" where the reader has not moved it.

    Args:
        shared, spot: the page, and where it is.
        name: what is set.
        parameter: of the address.
        own_cap: the model's own cap, from the trace and its model.
        results: where the model comes from; without one there is no slider.
    """
    slider = cap_slider(name, elem_id=f"slider-{parameter}")
    word, wish = gr.State(""), gr.Textbox("", visible="hidden")
    shared.address.link(parameter, wish)

    def arrive(run: str, word: str, wish: str) -> tuple[Any, str]:
        trace = shared.session.store.find(run)
        if trace is None:
            return gr.skip(), word
        try:
            own = own_cap(trace, results.model(trace))
        except FAILURES:
            return gr.HTML(visible="hidden"), ""
        chosen = _cap(wish, own)
        return gr.HTML(slider_value(own, chosen), visible=True), "" if chosen == own else cap_word(chosen)

    def release(event: gr.EventData) -> tuple[str, str]:
        return event.cap, event.cap

    shared.run.change(arrive, [shared.run, word, wish], [slider, word], **QUICK)
    moved = slider.release(release, None, [word, wish], **QUICK)
    moved.then(None, wish, None, js=writing(parameter))
    return word


def _cap(word: str, own: float | None) -> float | None:
    """The cap that a word says; the model's own for no word and for one that makes no sense."""
    try:
        return cap_of(word) if word else own
    except ValueError:
        return own
