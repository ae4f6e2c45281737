"""`gemma2-workbench mask`: the masks of a situation as text for a terminal, or as JSON for machines."""

import argparse
import json
import shutil
from typing import Any

from transformers import AutoTokenizer

from model import Gemma2Config
from workbench.loading import DEFAULT, embedded
from workbench.masks.record import as_json
from workbench.masks.setting import CACHES, SIDES, Setting
from workbench.masks.text import masks_text
from workbench.tokens import tokenize


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("mask", help="print who sees whom: window, padding, cache, any length")
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
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the masks."""
    print(answer(options))


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
