"""A row of short facts about a run, or one error; everything reaches the page as text, never as markup."""

from importlib import resources
from typing import Any

import gradio as gr

from workbench import Trace


def status_line(**options: Any) -> gr.HTML:
    """The component; its value is what `facts` or `problem` returns."""
    return gr.HTML(
        {},
        html_template=_source("view.html"),
        css_template=_source("view.css"),
        js_on_load=_source("view.js"),
        apply_default_css=False,
        **options,
    )


def facts(trace: Trace) -> dict[str, Any]:
    """Short facts of a trace: each a text and a longer hint."""
    layers, T = len(trace.layers), len(trace.tokens)
    local = sum(layer.kind == "local" for layer in trace.layers)
    windows = sorted({layer.window for layer in trace.layers if layer.window is not None})
    exact = "exact" if trace.parity.holds else "not compared"
    return {
        "facts": [
            {"text": f"{T} tokens", "hint": f"{T} tokens with the beginning-of-sequence token <bos>"},
            {
                "text": f"{layers} layers × {trace.heads} heads",
                "hint": f"{local} local layers (window {', '.join(map(str, windows)) or 'none'}), "
                f"{layers - local} global; {trace.kv_heads} key/value heads",
            },
            {"text": f"{trace.model.name} · {trace.model.dtype}", "hint": f"weights: {trace.model.source}"},
            {"text": exact, "kind": "good" if trace.parity.holds else "warn", "hint": trace.parity.sentence},
            *({"text": "modified model", "kind": "warn", "hint": change} for change in trace.changes),
        ],
    }


def problem(sentence: str) -> dict[str, Any]:
    """One sentence about what went wrong."""
    return {"problem": sentence}


def _source(name: str) -> str:
    return resources.files("apps.explorer.components.status").joinpath(name).read_text("utf-8")
