"""The attention view: a `gr.HTML` whose canvas is drawn in the browser from binary routes.

The template is constant and has no placeholders, because Gradio evaluates `${...}` in what it fills
in: tokens travel as data and reach the page as text only. The scripts are joined into the one
function that Gradio runs per mount, so that they share names with each other and with nobody else.
"""

from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.components.attention.settings import browser_settings
from gemma2_workbench.apps.page.draw.sources import script, source, style

HERE = Path(__file__).parent

SCRIPTS = (
    "sentences.js",
    "layout.js",
    "axes.js",
    "grid.js",
    "strip.js",
    "panels.js",
    "input.js",
    "address.js",
    "state.js",
    "heads.js",
    "picture.js",
    "focus.js",
    "wishes.js",
    "view.js",
)
_serial = count(1)


def attention_view(value: dict[str, Any] | None = None, **options: Any) -> gr.HTML:
    """The attention map of a run, with its controls, thumbnails and tokens.

    Needs `routes.attention_routes(store)` among the routes of the server. Its event `select` says
    where the reader is: `view.select(fn)` with `event: gr.EventData`, whose `layer`, `head`,
    `stage`, `query` and `key` are set (`query` and `key` are None unless pinned).

    Args:
        value: what `attention_value` returns, or None for an empty view.
        options: further arguments of `gr.HTML`, for example `elem_id`.
    """
    return gr.HTML(
        value or {},
        html_template=source(HERE, "view.html"),
        css_template=style(HERE),
        js_on_load=script(HERE, SCRIPTS),
        apply_default_css=False,
        settings=browser_settings(),
        move={},
        **options,
    )


def attention_value(run: str, trace: Trace, **place: Any) -> dict[str, Any]:
    """The value that shows `trace`, which the store holds as `run`.

    Args:
        run: the run id that the store gave.
        trace: the trace.
        place: any of `layer`, `head`, `stage`, `query`, `key`: where to look. What is not given
            stays as the reader has it, but a new run starts without a pinned cell.
    """
    return {
        "id": run,
        "tokens": list(trace.tokens.display),
        "layers": [{"kind": layer.kind, "window": layer.window, "softcap": layer.softcap} for layer in trace.layers],
        "heads": trace.heads,
        "kv_heads": trace.kv_heads,
        "modified": list(trace.changes),
        **_place(place),
    }


def attention_move(run: str, **place: Any) -> gr.HTML:
    """An update that leads the reader of `run` to another `layer`, `head`, `stage`, `query`, `key`."""
    return gr.HTML(move={"id": run, **_place(place)})


def _place(place: dict[str, Any]) -> dict[str, Any]:
    """The place with a number of its own: Gradio drops an update that equals the one before."""
    known = {"layer", "head", "stage", "query", "key"}
    if unknown := sorted(place.keys() - known):
        raise TypeError(f"no such place: {', '.join(unknown)}; give any of {sorted(known)}")
    return {**place, "serial": next(_serial)} if place else {}
