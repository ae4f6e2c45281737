"""The flags of `classify`."""

from pathlib import Path

from gemma2_workbench.apps.cli.labels import add_columns, add_label_token
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.models.reading.shipped import CLASSIFIER

FORMATS = ("table", "json", "conll", "csv")


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("classify", help="label the words of texts and files: names, places, dates")
    command.add_argument(
        "inputs", nargs="+", metavar="TEXT|FILE", help="a text, a text file, a .conll file, or - (stdin)"
    )
    command.add_argument("--format", choices=FORMATS, help="default: by the ending of --out, else table")
    command.add_argument("--out", type=Path, help="file to write instead of printing")
    add_columns(command)
    add_label_token(command)
    add_model(command, CLASSIFIER)
    command.set_defaults(run="classify:run")
