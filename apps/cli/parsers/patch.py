"""The flags of `patch`."""

from pathlib import Path

from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.apps.cli.parsers.output import add_output
from gemma2_workbench.patching.parts import BY, PARTS
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, TABLE_SUFFIXES


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("patch", help="which part of one run brings its prediction into another")
    command.description = (
        "Run CORRUPTED again and again, each time with one part of the run of CLEAN in place of its own, and measure "
        "the logit of one token minus that of another after the text."
    )
    command.add_argument("clean", help="the text whose run is taken from, or - for standard input")
    command.add_argument("corrupted", help="the text that is run")
    command.add_argument("--token", help="the token that is followed, or #ID; default: what CLEAN predicts")
    command.add_argument("--against", help="the token it is held against, or #ID; default: what CORRUPTED predicts")
    default = next(iter(PARTS))
    command.add_argument("--what", choices=PARTS, default=default, help=f"what is patched; default {default}")
    command.add_argument("--by", choices=BY, help="columns of the grid; default: position, of heads head")
    command.add_argument("--layers", metavar="0,3", help="only these layers")
    command.add_argument("--positions", metavar="3,7", help="only these positions of CORRUPTED; by head: together")
    command.add_argument("--heads", metavar="1,2", help="only these heads; by position: together")
    drawn = command.add_argument_group("with a file")
    endings = " ".join((*FIGURE_SUFFIXES, *TABLE_SUFFIXES))
    drawn.add_argument("--out", type=Path, help=f"write a figure or the numbers instead of printing: {endings}")
    add_output(drawn, columns=False)
    add_model(command)
    command.set_defaults(run="patch:run")
