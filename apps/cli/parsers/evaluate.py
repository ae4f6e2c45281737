"""The flags of `evaluate`."""

from pathlib import Path

from gemma2_workbench.apps.cli.labels import add_columns, add_label_token
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.models.reading.shipped import CLASSIFIER


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("evaluate", help="precision, recall and F1 of a classifier on a CoNLL file")
    command.add_argument("file", type=Path, help="TOKEN<TAB>TAG lines, an empty line between sentences, # comments")
    command.add_argument("--format", choices=("table", "json"), default="table", help="default table")
    command.add_argument(
        "--errors",
        action="store_true",
        help="also what is wrong, most confident mistake first, with lines, and which types are taken for which "
        "(table: the first 20; json: all)",
    )
    command.add_argument("--predictions", type=Path, help="write the file again, with the predicted tags")
    add_columns(command)
    add_label_token(command)
    add_model(command, CLASSIFIER)
    command.set_defaults(run="evaluate:run")
