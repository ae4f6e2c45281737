"""The lens view: a `gr.HTML` that draws only the columns on screen, and knows the top tokens of every cell it shows."""

import base64
import json
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from torch import Tensor

from gemma2_workbench import Trace
from gemma2_workbench.apps.page.draw.sources import script, source, style
from gemma2_workbench.figures import colours
from gemma2_workbench.figures.layer_kinds import layer_kinds
from gemma2_workbench.traces.readers.lens import Lens
from gemma2_workbench.views.lens import METRICS

HERE = Path(__file__).parent

EMPTY = "Run a text to see what every layer would predict."


def lens_view(**options: Any) -> gr.HTML:
    """The grid; its value is what `lens_value` returns, the quantity it shows its property `metric`.

    Its event `select` says which cell the reader pinned: `view.select(fn)` with `event: gr.EventData`, whose `row` and
    `position` are set; `follow` says which token of the list is to be followed: `event.token` is its display string.
    """
    return gr.HTML(
        {},
        html_template=source(HERE, "view.html"),
        css_template=style(HERE),
        # Constants are part of the script: gradio drops properties that an update of an unopened tab does not name.
        js_on_load=f"const settings = {json.dumps(_settings())};\n" + script(HERE, ("grid.js", "detail.js", "view.js")),
        apply_default_css=False,
        metric="probability",
        **options,
    )


def lens_value(key: str, trace: Trace, most: int, followed: bool, **place: int) -> dict[str, Any]:
    """The value that shows the lens of `trace` at its first `most` positions.

    Args:
        key: a name of its own for this lens: a value with another key starts anew.
        trace: a trace with its lens.
        most: how many positions are shown.
        followed: whether its token was chosen by the reader, and is not the next one.
        place: `row` and `position` that are pinned at first; by default the last ones.
    """
    lens = trace.reading("lens", Lens)
    known = {token: index for index, (token, _) in enumerate(lens.pieces)}
    top_RTK = lens.top_ids[:, :most]
    index_RTK = np.vectorize(known.__getitem__, otypes=[np.int32])(top_RTK.numpy())
    return {
        "id": key,
        "tokens": list(trace.tokens.display[:most]),
        "length": len(trace.tokens),
        "kinds": [layer.kind for layer in trace.layers],
        "names": [name for _, name in lens.pieces],
        "chosen": [known[token] for token in lens.chosen_ids[:most].tolist()],
        "top": _packed(index_RTK, "<i4"),
        "top_count": top_RTK.shape[-1],
        "modified": list(trace.changes),
        "followed": followed,
        "place": place,
        **{name: _packed(values[:, :most], "<f4") for name, values in _numbers(trace).items()},
    }


def _numbers(trace: Trace) -> dict[str, Tensor]:
    """What the page shows of every cell: arrays [R, T] or [R, T, K]."""
    lens = trace.reading("lens", Lens)
    return {
        "logits": lens.top_logits,
        "capped": lens.top_capped,
        "probs": lens.top_probs,
        "entropy": lens.entropy,
        "chosen_logits": lens.chosen_logits,
        "chosen_capped": lens.chosen_capped,
        "chosen_probs": lens.chosen_probs,
        "chosen_ranks": lens.chosen_ranks,
    }


def _packed(values: Tensor | np.ndarray, dtype: str) -> str:
    """An array as base64 of its numbers, little endian, the last axis fastest."""
    array = values.numpy() if isinstance(values, Tensor) else values
    return base64.b64encode(np.ascontiguousarray(array, dtype=dtype).tobytes()).decode()


def _settings() -> dict[str, Any]:
    """What the browser is told once."""
    return {
        "empty": EMPTY,
        "labels": METRICS,
        "colours": {"light": _colours(dark=False), "dark": _colours(dark=True)},
    }


def _colours(dark: bool) -> dict[str, Any]:
    table = colours.lut("sequential", dark)
    return {
        "steps": [colours.hex_of(colour) for colour in table],
        "inks": [colours.ink_on(colour) for colour in table],
        "kinds": {kind: look.colour(dark) for kind, look in layer_kinds().items()},
    }
