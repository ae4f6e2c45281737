"""A `gr.HTML` with two columns of tokens and one canvas of lines between them, drawn only where the reader looks."""

from pathlib import Path
from typing import Any

import gradio as gr

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.components.head_view.palette import head_colours
from gemma2_workbench.apps.page.draw.sources import script, source, style

HERE = Path(__file__).parent

SCRIPTS = ("weights.js", "lines.js", "columns.js", "view.js")
# More tokens than this in two columns tell nobody anything; the part is chosen with a slider.
MOST_TOKENS = 512


def head_view(**options: Any) -> gr.HTML:
    """The component; its value is what `head_view_value` returns."""
    return gr.HTML(
        {},
        html_template=source(HERE, "view.html"),
        css_template=style(HERE),
        js_on_load=script(HERE, SCRIPTS),
        apply_default_css=False,
        **options,
    )


def head_view_value(run: str, trace: Trace) -> dict[str, Any]:
    """The value that shows `trace`, which the store holds as `run`."""
    return {
        "id": run,
        "tokens": list(trace.tokens.display),
        "words": list(trace.tokens.words),
        "layers": [{"kind": layer.kind, "window": layer.window} for layer in trace.layers],
        "heads": trace.heads,
        "kv_heads": trace.kv_heads,
        "most": MOST_TOKENS,
        "colours": {"light": head_colours(trace.heads, dark=False), "dark": head_colours(trace.heads, dark=True)},
        "modified": list(trace.changes),
    }
