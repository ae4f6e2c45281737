"""A row of short facts about a run, or one error; everything reaches the page as text, never as markup."""

from pathlib import Path
from typing import Any

import gradio as gr

from gemma2_workbench import Trace
from gemma2_workbench.apps.page.draw.sources import source

HERE = Path(__file__).parent

BOTH_SIDES = {"text": "sees both sides", "hint": "a bidirectional model: queries see later keys too, nothing is future"}


def status_line(**options: Any) -> gr.HTML:
    """The component; its value is what `facts` or `problem` returns."""
    return gr.HTML(
        {},
        html_template=source(HERE, "view.html"),
        css_template=source(HERE, "view.css"),
        js_on_load=source(HERE, "view.js"),
        apply_default_css=False,
        **options,
    )


def facts(trace: Trace, file: str = "") -> dict[str, Any]:
    """Short facts of a trace: each a text and a longer hint.

    Args:
        trace: a run, or a saved trace.
        file: the name that a saved trace goes under; its weights and its comparison with transformers are then spelled
            out, because the model may not be here to ask.
    """
    return {"facts": [*(_saved(trace, file) if file else ()), *_sizes(trace), *_origin(trace, bool(file))]}


def notice(sentence: str) -> dict[str, Any]:
    """One sentence about what is not here, and what to do; nothing went wrong."""
    return {"facts": [{"text": sentence, "kind": "notice"}]}


def problem(sentence: str) -> dict[str, Any]:
    """One sentence about what went wrong."""
    return {"problem": sentence}


def _saved(trace: Trace, file: str) -> list[dict[str, str]]:
    hint = f"opened from a file; captured on {trace.model.device}, nothing is computed by a model here"
    return [{"text": f"saved trace {file}", "hint": hint}]


def _sizes(trace: Trace) -> list[dict[str, str]]:
    layers, T = len(trace.layers), len(trace.tokens)
    local = sum(layer.kind == "local" for layer in trace.layers)
    windows = sorted({layer.window for layer in trace.layers if layer.window is not None})
    return [
        {"text": f"{T} tokens", "hint": f"{T} tokens with the beginning-of-sequence token <bos>"},
        {
            "text": f"{layers} layers × {trace.heads} heads",
            "hint": f"{local} local layers (window {', '.join(map(str, windows)) or 'none'}), "
            f"{layers - local} global; {trace.kv_heads} key/value heads",
        },
        *([] if all(layer.causal for layer in trace.layers) else [BOTH_SIDES]),
    ]


def _origin(trace: Trace, spelled: bool) -> list[dict[str, str]]:
    """Which weights, how they were run, and whether the numbers were compared."""
    model, parity = trace.model, trace.parity
    exact = "exact" if parity.holds else "not compared"
    identity = {"revision": model.revision, "weights": model.weights_sha256}
    known = {what: number for what, number in identity.items() if number}
    hint = "; ".join([f"from {model.source}", *(f"{what} {number}" for what, number in known.items())])
    return [
        {"text": f"{model.name} · {model.dtype}", "hint": hint},
        *({"text": f"{what} {number[:12]}", "hint": hint} for what, number in known.items() if spelled),
        {
            "text": parity.sentence if spelled else exact,
            "kind": "good" if parity.holds else "warn",
            "hint": parity.sentence,
        },
        *({"text": "modified model", "kind": "warn", "hint": change} for change in trace.changes),
    ]
