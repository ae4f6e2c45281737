"""The flags of `mask`."""

from pathlib import Path

from gemma2_workbench.apps.cli.numeric import whole_number
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.output import add_output, add_provenance
from gemma2_workbench.masks.setting import PASS_OPTIONS
from gemma2_workbench.models.reading.shipped import DEFAULT
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, TABLE_SUFFIXES

POSITIONS = 12  # where there is no text


def add(commands: Commands) -> None:
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
    for option in PASS_OPTIONS:
        command.add_argument(
            f"--{option.name}",
            type=str if "choices" in option.metadata else whole_number,
            choices=option.metadata.get("choices"),
            default=option.default,
            help=option.metadata["help"],
        )
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
