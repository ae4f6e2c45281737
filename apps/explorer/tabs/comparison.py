"""Two runs compared on the page: three maps of a head, the next tokens, and what the change did, in numbers."""

from dataclasses import replace
from typing import Any

import gradio as gr
from gradio.components.plot import PlotData

from gemma2_workbench import Pair
from gemma2_workbench.apps.explorer.components.next_tokens.component import tokens_value
from gemma2_workbench.apps.explorer.tabs.plots import plots_beside
from gemma2_workbench.traces.readers.prediction import Prediction
from gemma2_workbench.views.pairs import difference, next_token

# Three maps of more cells would take the browser longer than the model.
MAP_TOKENS = 256
MAP_WIDTH, MAP_HEIGHT = 240, 520  # in a third of the page, so that a map is about square


def map_row(before: str, after: str, changed: str) -> list[gr.Plot]:
    """A row of three plots with these element ids, for `pictures`."""
    plots = []
    with gr.Row():
        for name in (before, after, changed):
            with gr.Column(min_width=320):
                plots.append(gr.Plot(show_label=False, container=False, elem_id=name))
    return plots


def pictures(pair: Pair, layer: int, head: int, dark: bool) -> list[PlotData]:
    """One head before, after and as a signed difference, the first MAP_TOKENS tokens of it."""
    part = f"0:{min(MAP_TOKENS, len(pair.positions))}"
    frame = difference.VIEW.table(pair, layer=layer, head=head, rows=part, keys=part)
    after = f"After: {', '.join(pair.after.changes)}"
    titles = ("Before: the model as it is", after, f"Difference, layer {layer}, head {head}")
    figures = [
        replace(figure, title=title) for figure, title in zip(difference.figure(frame).figures, titles, strict=True)
    ]
    return plots_beside(figures, dark, MAP_WIDTH, MAP_HEIGHT)


def token_rows(pair: Pair, before: str, after: str) -> dict[str, Any]:
    """The likeliest next tokens of both runs under two headings; nothing where the model predicts none."""
    if "prediction" not in pair.after.readings:
        return {}
    return tokens_value(next_token.VIEW.table(pair), before, after)


def part_words(pair: Pair) -> str:
    """That the maps show a part of the text, where they do."""
    tokens = len(pair.positions)
    return f"The maps show the first {MAP_TOKENS} of {tokens} tokens." if tokens > MAP_TOKENS else ""


def effect_words(pair: Pair) -> str:
    """Each change and what it did to the outputs."""
    done = zip(pair.after.changes, pair.after.effects, strict=True)
    return "; ".join(f"{change} {effect.sentence}" for change, effect in done)


def badge(pair: Pair) -> dict[str, Any]:
    """That this is of a modified model, for a status line."""
    return {"text": "modified model", "kind": "warn", "hint": effect_words(pair)}


def moved_fact(pair: Pair, layer: int, head: int) -> dict[str, Any]:
    """How many queries look at another key first."""
    moved, rows = len(pair.moved_rows(layer, head)), len(pair.positions)
    hint = f"queries of layer {layer}, head {head} whose strongest key is another one than in the real model"
    return {"text": f"{moved} of {rows} rows have another strongest key", "hint": hint}


def shift_facts(pair: Pair) -> list[dict[str, Any]]:
    """How far the prediction after the text has moved; nothing where the model predicts none."""
    if pair.divergence is None:
        return []
    hint = "KL(real || modified) of the distribution of the next token after the whole text"
    before, after = (trace.reading("prediction", Prediction).entropy for trace in (pair.before, pair.after))
    return [
        {"text": f"next token: KL {pair.divergence:.3g} nats", "hint": hint},
        entropy_fact(f"{before:.3f} → {after:.3f}"),
    ]


def entropy_fact(numbers: str) -> dict[str, Any]:
    """Entropies in numbers, for a status line."""
    return {"text": f"entropy {numbers} nats", "hint": "how spread the distribution of the next token is"}
