"""The picture of the mask lab: a `gr.HTML` drawn on canvases; everything it says was worked out in Python."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from gemma2_workbench.apps.explorer.components.attention.settings import browser_settings
from gemma2_workbench.apps.page.draw.sources import script, source
from gemma2_workbench.masks.layers import EMPTY, LayerMask
from gemma2_workbench.masks.reach import NEVER, Reach
from gemma2_workbench.masks.words import because, summary

HERE = Path(__file__).parent

SCRIPTS = ("rows.js", "map.js", "view.js")
UNREACHED = 255


def mask_view(value: dict[str, Any], **options: Any) -> gr.HTML:
    """The component; its value is what `mask_value` or `mask_problem` returns."""
    return gr.HTML(
        value,
        html_template=source(HERE, "view.html"),
        css_template=source(HERE, "view.css"),
        js_on_load=script(HERE, SCRIPTS),
        apply_default_css=False,
        settings=browser_settings(),
        **options,
    )


def mask_value(
    masks: Sequence[LayerMask],
    at: int,
    caches: Sequence[Sequence[LayerMask]],
    known: Reach,
    names: Sequence[str] | None,
) -> dict[str, Any]:
    """What shows the pass number `at` of one layer.

    Args:
        masks: the layer's mask in every pass.
        at: the pass to show.
        caches: the masks of one layer of each kind, for what their caches hold.
        known: how far information reaches.
        names: display strings of the tokens, None for positions only.
    """
    mask = masks[at]
    setting = mask.setting
    first_TT = known.first.numpy()
    return {
        "labels": [*setting.labels(names), *[EMPTY] * max(0, mask.keys.stop - setting.length)],
        "pads": list(setting.pads),
        "layer": mask.layer,
        "layers": list(setting.layers),
        "window": mask.window,
        "pass": {"label": mask.call.label, "at": at, "of": len(masks)},
        "rows": [mask.call.rows.start, mask.call.rows.stop],
        "keys": [mask.keys.start, mask.keys.stop],
        "reasons": _bytes(mask.reasons.numpy()),
        "visible": mask.visible.tolist(),
        "why": _sentences(mask),
        "summary": summary(mask),
        "reach": _bytes(np.where(first_TT == NEVER, UNREACHED, first_TT)),
        "caches": [_cache(calls) for calls in caches if setting.cached],
    }


def mask_problem(sentence: str) -> dict[str, Any]:
    """One sentence about what cannot be drawn; the picture before stays."""
    return {"problem": sentence}


def _sentences(mask: LayerMask) -> dict[str, str]:
    """Why a cell is as it is, by `reason,distance,written`: cells with the same three share a sentence."""
    rows, keys = np.asarray(mask.call.rows)[:, None], np.asarray(mask.keys)
    written = np.broadcast_to(keys < mask.call.rows.stop, mask.reasons.shape)
    groups = np.stack([mask.reasons.numpy(), rows - keys, written], axis=-1).reshape(-1, 3)
    unique, cells = np.unique(groups, axis=0, return_index=True)
    places = [divmod(int(cell), len(mask.keys)) for cell in cells]
    return {
        ",".join(map(str, group)): because(mask, mask.call.rows[i], mask.keys[j])
        for group, (i, j) in zip(unique.tolist(), places, strict=True)
    }


def _cache(calls: Sequence[LayerMask]) -> dict[str, Any]:
    """What one layer's cache holds after each pass."""
    mask = calls[0]
    return {
        "kind": mask.setting.layers[mask.layer],
        "static": mask.setting.cache == "static",
        "passes": [
            {"label": call.call.label, "rows": [call.call.rows.start, call.call.rows.stop], "holds": list(call.holds)}
            for call in calls
        ],
    }


def _bytes(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values, np.uint8).tobytes()).decode()
