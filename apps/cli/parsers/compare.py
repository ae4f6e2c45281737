"""The flags of `compare`, with the options of all views of pairs."""

from pathlib import Path

from gemma2_workbench.apps.cli.changes import add_changes
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.apps.cli.parsers.output import add_output, add_provenance
from gemma2_workbench.apps.cli.view_options import add_view_options
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, TABLE_SUFFIXES
from gemma2_workbench.views import PAIR_VIEWS


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("compare", help="what a change of the model, the text or the weights does")
    command.add_argument("text", help="the text, or - for standard input")
    command.add_argument("text2", nargs="?", help="another text after the change; default: the same")
    command.add_argument("--model2", help="other weights after the change: embedded name, folder or hub id")
    drawn = command.add_argument_group("with a file")
    endings = " ".join((*FIGURE_SUFFIXES, *TABLE_SUFFIXES))
    drawn.add_argument("--out", type=Path, help=f"write a figure or its numbers instead of printing: {endings}")
    drawn.add_argument(
        "--view", choices=[view.name for view in PAIR_VIEWS], help=f"what is shown; default {PAIR_VIEWS[0].name}"
    )
    drawn.add_argument("--token", help="token that the lens follows instead of the one that comes next")
    add_output(drawn)
    add_view_options(command, PAIR_VIEWS)
    add_model(command)
    add_changes(command)
    add_provenance(drawn)
    command.set_defaults(run="compare:run")
