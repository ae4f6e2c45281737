"""Next tokens: a table with a bar for the probability before and one for the probability after a change."""

from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from gemma2_workbench.apps.page.draw.sources import source, style

HERE = Path(__file__).parent


def next_tokens(**options: Any) -> gr.HTML:
    """The component; its value is what `tokens_value` returns."""
    return gr.HTML(
        {},
        html_template=source(HERE, "view.html"),
        css_template=style(HERE),
        js_on_load=source(HERE, "view.js"),
        apply_default_css=False,
        **options,
    )


def tokens_value(frame: pd.DataFrame, before: str, after: str) -> dict[str, Any]:
    """The value that shows the columns id, token, p_before and p_after of `frame` under these two headings."""
    names = ("id", "token", "p_before", "p_after")
    rows = zip(*(frame[name].tolist() for name in names), strict=True)
    return {"rows": [dict(zip(names, row, strict=True)) for row in rows], "before": before, "after": after}
