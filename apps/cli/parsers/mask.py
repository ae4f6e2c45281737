"""The flags of `mask`."""

from pathlib import Path
from typing import Any

from gemma2_workbench.apps.cli.numeric import whole_number
from gemma2_workbench.apps.cli.parsers.output import add_output, add_provenance
from gemma2_workbench.masks.setting import CACHES, SIDES
from gemma2_workbench.models.shipped import DEFAULT
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, TABLE_SUFFIXES

POSITIONS = 12  # where there is no text


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("mask", help="who sees whom, printed or drawn: window, padding, cache, any length")
    command.add_argument("text", nargs="?", help="the text, or - for standard input; without one, positions only")
    command.add_argument(
        "--tokens",
        type=whole_number,
        help=f"how many tokens: the first of the text; default all, without a text {POSITIONS}",
    )
    command.add_argument("--window", type=whole_number, help="window of the local layers; default: the model's own")
    command.add_argument("--causal", choices=("on", "off"), help="off: every token sees both sides; default: as it is")
    command.add_argument("--padding", type=whole_number, default=0, help="how many pads the prompt gets")
    command.add_argument("--side", choices=SIDES, default="left", help="where the pads are; default left")
    command.add_argument(
        "--decode", type=whole_number, default=0, help="how many of the last tokens are fed one by one"
    )
    command.add_argument("--chunk", type=whole_number, help="feed the prompt in parts of so many tokens")
    command.add_argument("--cache", choices=CACHES, default="dynamic", help="key/value cache; default dynamic")
    command.add_argument("--slots", type=whole_number, help="size of a static cache; default: just enough")
    command.add_argument("--layer", type=whole_number, help="only this layer; default: one of each kind")
    command.add_argument(
        "--model", help=f"embedded name, folder or hub id, its weights are not read; default {DEFAULT}"
    )
    command.add_argument("--layers", nargs="+", choices=("local", "global"), help="layers of no model; needs --window")
    command.add_argument("--json", action="store_true", help="print JSON with every number instead")
    drawn = command.add_argument_group("with a file")
    endings = " ".join((*FIGURE_SUFFIXES, *TABLE_SUFFIXES))
    drawn.add_argument("--out", type=Path, help=f"write a figure or a table instead of printing: {endings}")
    drawn.add_argument("--pass", dest="step", type=whole_number, help="only this pass, from 0; default: all")
    add_output(drawn, "columns to print, default those of the terminal; with --out: ")
    add_provenance(drawn)
    command.set_defaults(run="mask:run")
