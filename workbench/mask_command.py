"""`gemma2-workbench mask`: the masks of a situation as text for a terminal, or as JSON for machines."""

import argparse
import json
import shutil
from typing import Any

from transformers import AutoTokenizer

from model import Gemma2Config, Reason
from workbench.loading import DEFAULT, embedded
from workbench.mask_reach import reach
from workbench.mask_setting import CACHES, SIDES, Setting
from workbench.mask_text import masks_text
from workbench.masks import LayerMask, layer_masks
from workbench.tokens import tokenize


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    command.add_argument("text", nargs="?", help="the text; without one, positions only")
    command.add_argument("--tokens", type=int, help="how many tokens where there is no text; default 12")
    command.add_argument("--window", type=int, help="window of the local layers; default: the model's own")
    command.add_argument("--padding", type=int, default=0, help="how many pads the prompt gets")
    command.add_argument("--side", choices=SIDES, default="left", help="where the pads are; default left")
    command.add_argument("--decode", type=int, default=0, help="how many of the last tokens are fed one by one")
    command.add_argument("--chunk", type=int, help="feed the prompt in parts of so many tokens")
    command.add_argument("--cache", choices=CACHES, default="dynamic", help="key/value cache; default dynamic")
    command.add_argument("--slots", type=int, help="size of a static cache; default: just enough")
    command.add_argument("--layer", type=int, help="only this layer; default: one of each kind")
    command.add_argument("--width", type=int, help="columns to print; default: those of the terminal")
    command.add_argument("--model", default=DEFAULT, help=f"embedded name, folder or hub id; default {DEFAULT}")
    command.add_argument("--json", action="store_true", help="print JSON with every number instead")


def answer(options: argparse.Namespace) -> str:
    """What the command prints. Of the model only the configuration and the tokenizer are read, no weights.

    Raises:
        ValueError: a situation that cannot be, a text together with --tokens.
        OSError: there is no such model.
    """
    if options.text is not None and options.tokens is not None:
        raise ValueError("--tokens is for masks without a text; leave one of the two out")
    source = str(embedded().get(options.model, options.model))
    config = Gemma2Config.from_pretrained(source)
    names = None
    if options.text is not None:
        names = tokenize(AutoTokenizer.from_pretrained(source), options.text).display
    same = ("padding", "side", "decode", "chunk", "cache", "slots")
    count = len(names) if names is not None else 12 if options.tokens is None else options.tokens
    setting = Setting.of(config, count, options.window, **{name: getattr(options, name) for name in same})
    if options.json:
        return json.dumps(as_json(setting, names, options.layer), ensure_ascii=False)
    own = config.sliding_window
    note = "" if setting.window == own else f" (not the model's own {own}: a *modified model*)"
    width = options.width or shutil.get_terminal_size((100, 24)).columns
    return f"{options.model}{note}: {masks_text(setting, names, options.layer, width)}"


def as_json(setting: Setting, names: tuple[str, ...] | None = None, layer: int | None = None) -> dict[str, Any]:
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
        "cache": setting.cache,
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


def _pass_json(mask: LayerMask) -> dict[str, Any]:
    rows, keys = mask.call.rows, mask.keys
    return {
        "pass": mask.call.name,
        "queries": [rows.start, rows.stop],
        "keys": [keys.start, keys.stop],
        "reasons": mask.reasons.tolist(),
        "visible_keys": mask.visible.tolist(),
        "cache_holds": list(mask.holds),
    }
