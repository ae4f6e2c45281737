"""The flags of `trace`."""

from pathlib import Path

from gemma2_workbench.apps.cli.changes import add_changes
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model


def add(commands: Commands) -> None:
    """Declare the command."""
    trace = commands.add_parser("trace", help="run a text and keep everything the views need in one file")
    trace.add_argument("text", help="the text, or - to read it from standard input")
    trace.add_argument("--out", required=True, type=Path, help="file to write, for example run.safetensors")
    trace.add_argument("--lens", action="store_true", help="keep the logit lens and the direct contributions too")
    add_model(trace)
    add_changes(trace)
    trace.set_defaults(run="trace:run")
