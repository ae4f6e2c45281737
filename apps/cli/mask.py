"""`gemma2-workbench mask`: the masks of a situation as text for a terminal, as JSON for machines, or as a file.

With `--out` every layer kind in every pass is a panel of a figure, or the rows of a table.
"""

import argparse
import json
import shutil
import sys

from gemma2_workbench.apps.cli.model import given_text
from gemma2_workbench.apps.cli.output import OF_A_FIGURE, output_of, refuse, save
from gemma2_workbench.apps.cli.parsers.mask import POSITIONS
from gemma2_workbench.limits import short
from gemma2_workbench.masks.marks import has_colours
from gemma2_workbench.masks.origin import Given, Origin, configured
from gemma2_workbench.masks.record import as_json
from gemma2_workbench.masks.setting import PASS_OPTIONS, Setting
from gemma2_workbench.masks.text import masks_text
from gemma2_workbench.records.artifact import produced
from gemma2_workbench.records.mask_recipe import MaskRecipe


def run(options: argparse.Namespace) -> None:
    """Print the masks, or write them."""
    if options.out is None:
        print(answer(options))
    else:
        _write(options)


def answer(options: argparse.Namespace) -> str:
    """What the command prints. Of the model only the configuration and the tokenizer are read, no weights.

    Raises:
        ValueError: a situation that cannot be, or flags that are of a file.
        OSError: there is no such model.
    """
    refuse(
        options,
        (*(name for name in OF_A_FIGURE if name != "width"), "step", "record"),
        "is of a file; give --out as well",
    )
    if options.width is not None and not (options.width.isdecimal() and len(options.width) < 10):
        raise ValueError(
            f"--width {short(options.width)} is not a number of columns to print; with --out it is of a figure"
        )
    setting, origin, given = _situation(options)
    names = None if given is None else given.names
    if options.json:
        return json.dumps(as_json(setting, names, options.layer), ensure_ascii=False)
    own = None if origin is None else origin.window
    note = "" if own in (None, setting.window) else f" (not the model's own {own}: a *modified model*)"
    width = int(options.width or 0) or shutil.get_terminal_size((100, 24)).columns
    name = "no model" if origin is None else origin.name
    return f"{name}{note}: {masks_text(setting, names, options.layer, width, has_colours(sys.stdout))}"


def _write(options: argparse.Namespace) -> None:
    """The figure or the table, with its record."""
    if options.json:
        raise ValueError("--json is printed; leave it or --out out")
    output = output_of(options, "masks are")
    setting, origin, given = _situation(options)
    shown = MaskRecipe.of(setting, origin, given, layer=options.layer, step=options.step, columns=options.columns)
    save(produced(shown, output, options.out.name, options.record or "full"), options.out, options.latex)


def _situation(options: argparse.Namespace) -> tuple[Setting, Origin | None, Given | None]:
    """The situation, the model it is of and its text, where there are any."""
    same = {name: getattr(options, name) for name in (option.name for option in PASS_OPTIONS)}
    causal = None if options.causal is None else options.causal == "on"
    count = POSITIONS if options.tokens is None else options.tokens
    if options.layers is not None:
        if options.text is not None or options.model is not None:
            raise ValueError("--layers are of no model; leave out --model and the text")
        if options.window is None:
            raise ValueError("--layers are of no model that has a window; give --window")
        return Setting(count, options.window, tuple(options.layers), causal=causal is not False, **same), None, None
    model = configured(options.model)
    given = None
    if options.text is not None:
        tokens = model.tokens(given_text(options.text))
        if options.tokens is not None and not 1 <= options.tokens <= len(tokens):
            raise ValueError(f"--tokens {options.tokens}: the text has {len(tokens)} tokens; give 1 to {len(tokens)}")
        given = Given.of(tokens, options.tokens)
        count = len(given.ids)
    return Setting.of(model.outline, count, options.window, causal, **same), model.origin, given
