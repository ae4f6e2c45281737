"""What a reader takes away from a tab: the figure for print or for the screen, or its numbers, as a file."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from apps.explorer.tabs.shared import Shared
from workbench import Trace
from workbench.export import export
from workbench.figures.spec import FigureSpec

FORMATS = ("PDF", "SVG", "PNG", "HTML", "CSV")
# Gradio's own handler of the button would save the file of the click before.
FETCH = "() => setTimeout(() => (document.querySelector('#{0} a') || document.querySelector('#{0}')).click(), 50)"


def take_away(
    shared: Shared,
    name: str,
    inputs: Sequence[Any],
    make: Callable[..., tuple[pd.DataFrame, Callable[[pd.DataFrame], FigureSpec]]],
) -> None:
    """Put format, button and download into the current row or column.

    Args:
        shared: session and run.
        name: file name without its ending.
        inputs: components whose values `make` needs.
        make: (trace, *values) -> table, and the function that draws it.
    """
    kind = gr.Dropdown(FORMATS, value="PDF", label="Save as", scale=0, min_width=120)
    save = gr.Button("Save", scale=0, min_width=100)
    file = gr.DownloadButton("file", elem_id=f"file-{name}", visible="hidden")

    def write(run: str, kind: str, *values: Any) -> str:
        trace: Trace | None = shared.session.store.find(run)
        if trace is None:
            raise gr.Error("there is nothing to save yet: run a text first")
        frame, draw = make(trace, *values)
        path = Path(tempfile.mkdtemp()) / f"{name}.{kind.lower()}"
        return str(export(frame if kind == "CSV" else draw(frame), path, width="text"))

    saved = save.click(write, [shared.run, kind, *inputs], file, api_visibility="private")
    saved.success(None, js=FETCH.format(f"file-{name}"))
