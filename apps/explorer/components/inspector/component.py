"""The cell inspector: a `gr.HTML` that reads the story of one cell from a route and shows it as numbers and maps.

The template is constant, as in the attention view: what the model or a reader wrote reaches the page as text only.
"""

from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr

from gemma2_workbench.apps.explorer.components.attention.settings import browser_settings
from gemma2_workbench.apps.page.draw.sources import script, source, style

HERE = Path(__file__).parent

SCRIPTS = ("state.js", "cards.js", "maps.js", "row.js", "heads.js", "input.js", "view.js")
_serial = count(1)


def inspector_view(value: dict[str, Any] | None = None, **options: Any) -> gr.HTML:
    """The story of one cell: five numbers, five linked maps, the row as a list, all heads of the layer.

    Needs `routes.attention_routes(store)` among the routes of the server. Its event `select` says that the reader
    chose another cell or head in it: `view.select(fn)` with `event: gr.EventData`, whose `layer`, `head`, `stage`,
    `query` and `key` are set.

    Args:
        value: what `inspector_value` returns, or None for an empty view.
        options: further arguments of `gr.HTML`, for example `elem_id`.
    """
    empty = "Click a cell of the map, or hold shift and press the arrow keys in it, to see how its number comes about."
    return gr.HTML(
        value or {},
        html_template=source(HERE, "view.html"),
        css_template=style(HERE),
        js_on_load=script(HERE, SCRIPTS),
        apply_default_css=False,
        settings=browser_settings() | {"empty": empty},
        **options,
    )


def inspector_value(
    run: str, layer: int = 0, head: int = 0, stage: str = "attn_probs", query: int | None = None, key: int | None = None
) -> dict[str, Any]:
    """The value that shows one cell of the run that the store holds as `run`; without query and key, a hint.

    Args:
        run: the run id that the store gave.
        layer: from 0.
        head: from 0.
        stage: the stage at which the heads of the layer are compared.
        query: position, from 0.
        key: position, from 0.
    """
    place = {"id": run, "layer": layer, "head": head, "stage": stage, "query": query, "key": key}
    # A number of its own: Gradio drops an update that equals the one before, though the reader has moved since.
    return place | {"serial": next(_serial)}
