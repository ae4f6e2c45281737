"""The head grid: one button per head, which tells Python when a reader chooses it."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from gemma2_workbench.apps.page.draw.sources import source, style
from gemma2_workbench.figures import colours
from gemma2_workbench.figures.layer_kinds import layer_kinds
from gemma2_workbench.figures.spec import HeadGrid
from gemma2_workbench.figures.tens import in_tens
from gemma2_workbench.figures.ticks import cell_text

HERE = Path(__file__).parent


def head_grid(**options: Any) -> gr.HTML:
    """The component; its value is what `grid_value` returns, the chosen head its property `chosen` ([layer, head]).

    Its event `select` says what the reader chose: `grid.select(fn)` with `event: gr.EventData`, whose `layer` and
    `head` are set.
    """
    return gr.HTML(
        {},
        html_template=source(HERE, "view.html"),
        css_template=style(HERE),
        js_on_load=source(HERE, "view.js"),
        apply_default_css=False,
        chosen=[0, 0],
        **options,
    )


def grid_value(spec: HeadGrid) -> dict[str, Any]:
    """The value that shows `spec`, with the colours of light and of dark pages."""
    spec = in_tens(spec)
    texts = [[cell_text(value) if np.isfinite(value) else "–" for value in row] for row in spec.values]
    steps = np.linspace(spec.scale.low, spec.scale.high, 9)
    themes = {
        name: {
            "fills": [[colours.hex_of(fill) for fill in row] for row in colours.paint(spec.scale, spec.values, dark)],
            "inks": [[colours.ink_on(fill) for fill in row] for row in colours.paint(spec.scale, spec.values, dark)],
            "steps": [colours.hex_of(fill) for fill in colours.paint(spec.scale, steps, dark)],
            "kinds": {kind: look.colour(dark) for kind, look in layer_kinds(spec.kinds).items()},
        }
        for name, dark in (("light", False), ("dark", True))
    }
    return {
        "label": spec.scale.label,
        "kinds": list(spec.kinds),
        "group": spec.group,
        "texts": texts,
        "ends": [cell_text(spec.scale.low), cell_text(spec.scale.high)],
        "themes": themes,
    }
