"""The bench as a component: a `gr.HTML` that asks the server for labels and reasons and shows them.

The template is constant, as in every component of ours: what a reader wrote reaches the page as text only. The page
asks for labels when it is on screen, so a tab that is not open costs nothing.
"""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr

from gemma2_workbench.apps.page.desk import HasLeft
from gemma2_workbench.apps.page.draw.sources import script, source, style
from gemma2_workbench.apps.token_classification.asked import METHODS
from gemma2_workbench.figures import colours

SCRIPTS = (
    "state.js",
    "text.js",
    "word.js",
    "strip.js",
    "reasons.js",
    "heads.js",
    "masks.js",
    "explain.js",
    "view.js",
)
EMPTY = "Type a text and press the button to see its labels here."
HERE = Path(__file__).parent / "page"
_serial = count(1)


def bench_view(answered: Callable[[dict[str, Any], HasLeft], Awaitable[dict[str, Any]]], **options: Any) -> gr.HTML:
    """The labels of a text, one word in detail, and why it has its label.

    Its value is what `bench_value` returns. Its event `select` says where the reader is: `view.select(fn)` with
    `event: gr.EventData`, whose `asked` holds the parts of an `Asked`.

    Args:
        answered: the answer to a question of the page, unless who asked has left meanwhile.
        options: further arguments of `gr.HTML`, for example `elem_id`.
    """

    async def ask(question: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        return await answered(question, request.is_disconnected)

    return gr.HTML(
        {},
        html_template=source(HERE, "view.html"),
        css_template=style(HERE),
        # Constants are part of the script: gradio drops properties that an update of an unopened tab does not name.
        js_on_load=f"const settings = {json.dumps(_settings())};\n" + script(HERE, SCRIPTS),
        apply_default_css=False,
        server_functions=[ask],
        **options,
    )


def bench_value(text: str, model: str) -> dict[str, Any]:
    """The value that has the page label `text` with `model`, at once or when it is opened."""
    # A number of its own: Gradio drops an update that equals the one before.
    return {"text": text, "model": model, "serial": next(_serial)}


def _settings() -> dict[str, Any]:
    """What the browser is told once."""
    return {
        "empty": EMPTY,
        "methods": METHODS,
        "series": [{"fill": colour, "ink": colours.ink_on(colours.rgb(colour))} for colour in colours.SERIES],
        "colours": {theme: _tables(theme == "dark") for theme in ("light", "dark")},
    }


def _tables(dark: bool) -> Mapping[str, str]:
    """Colour tables as base64 of 256 RGB triples."""
    kinds = ("sequential", "diverging")
    return {kind: base64.b64encode(colours.lut(kind, dark).tobytes()).decode() for kind in kinds}
