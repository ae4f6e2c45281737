"""A plotly figure as one HTML file that works offline and reaches nothing outside itself."""

from __future__ import annotations

import html
import json

import plotly.graph_objects as go
import plotly.io

from gemma2_workbench.figures import colours
from gemma2_workbench.json_types import JsonObject

CONFIG = {
    "displaylogo": False,
    "showSendToCloud": False,
    "responsive": True,
    "toImageButtonOptions": {"format": "svg"},
}
# Only what the page itself carries may run or load: plotly.js is inside, pictures are data, nothing connects.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)


def page(figure: go.Figure, title: str = "", dark: bool = False, provenance: JsonObject | None = None) -> str:
    """The figure with plotly.js and optional provenance (JSON) inside one page; the same input gives the same text.

    Token text reaches the page inside JSON whose `<`, `>` and `&` are escaped, so none of it can end a script.
    """
    theme = colours.theme(dark)
    body = plotly.io.to_html(figure, config=CONFIG, full_html=False, include_plotlyjs=True, div_id="figure")
    record = "" if provenance is None else _record(provenance)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title or 'Figure')}</title>\n"
        f"<style>body{{margin:1rem;background:{theme.page};color:{theme.ink}}}</style></head>\n"
        f"<body>{body}\n{record}</body></html>\n"
    )


def _record(provenance: JsonObject) -> str:
    """The provenance as a JSON data block, which browsers never run."""
    text = json.dumps(provenance, ensure_ascii=True, sort_keys=True)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="provenance">{text}</script>\n'
