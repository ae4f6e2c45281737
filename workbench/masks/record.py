"""The masks of a situation as plain data, for JSON."""

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.masks.layers import LayerMask, layer_masks
from gemma2_workbench.masks.reach import reach
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.model.reason import Reason


def as_json(setting: Setting, names: tuple[str, ...] | None = None, layer: int | None = None) -> JsonObject:
    """The masks of one or all layers, the reach and the caches, in what JSON can hold.

    Raises:
        ValueError: there is no such layer, or not one name per token.
    """
    layers = range(len(setting.layers)) if layer is None else [layer]
    return {
        "tokens": [
            {"position": at, "text": label, "padding": at in setting.pads}
            for at, label in enumerate(setting.labels(names))
        ],
        "window": setting.window,
        "cache": setting.cache if setting.cached else "none",
        "causal": setting.causal,
        **{
            name: value
            for name in ("attention_chunk", "packed", "prefix")
            if (value := getattr(setting, name)) is not None
        },
        "reasons": {int(reason): reason.name.lower() for reason in Reason},
        "layers": [
            {
                "layer": index,
                "kind": setting.layers[index],
                "window": setting.window_of(index),
                "passes": [_pass_json(mask) for mask in layer_masks(setting, index)],
            }
            for index in layers
        ],
        "reached_after_layers": reach(setting).first.tolist(),
    }


def _pass_json(mask: LayerMask) -> JsonObject:
    rows, keys = mask.call.rows, mask.keys
    return {
        "pass": mask.call.name,
        "queries": [rows.start, rows.stop],
        "keys": [keys.start, keys.stop],
        "reasons": mask.reasons.tolist(),
        "visible_keys": mask.visible.tolist(),
        "cache_holds": list(mask.holds),
    }
