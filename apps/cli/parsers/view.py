"""The flags of `figure` and `table`, with the options of all views."""

import argparse
from pathlib import Path

from gemma2_workbench.apps.cli.changes import add_changes
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.apps.cli.parsers.output import add_output, add_provenance
from gemma2_workbench.apps.cli.view_options import add_view_options
from gemma2_workbench.views import VIEWS


def add(commands: Commands) -> None:
    """Declare both commands."""
    figure = _add(commands, "figure", "draw a view: .pdf .svg .png for print, .html for the screen", "view:draw")
    figure.description = (
        "Draw a view: .pdf .svg .png for print, .html for the screen. `figure text` also writes .tex: the text as "
        "LaTeX source, every token in a box of its colour."
    )
    add_output(figure)
    _add(commands, "table", "write the numbers of a view: .csv .parquet .tex; maps: .npz .safetensors", "view:tabulate")


def _add(commands: Commands, name: str, help: str, run: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help)
    command.add_argument("view", choices=[view.name for view in VIEWS])
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", action="append", help="the text, or - for standard input; again for another panel")
    source.add_argument("--trace", nargs="+", action="extend", type=Path, help="files written by the trace command")
    command.add_argument("--out", required=True, type=Path, help="file to write; its ending decides the format")
    add_view_options(command, VIEWS)
    command.add_argument("--token", help="token that the lens follows instead of the one that comes next")
    add_model(command)
    add_changes(command)
    add_provenance(command)
    command.set_defaults(run=run)
    return command
