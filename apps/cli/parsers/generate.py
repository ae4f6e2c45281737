"""The flags of `generate`."""

from pathlib import Path

from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.apps.cli.parsers.sampling import add_sampling


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("generate", help="let the model continue a text, and keep what it attended to")
    given = command.add_mutually_exclusive_group(required=True)
    given.add_argument("text", nargs="?", help="the text, or - to read it from standard input")
    given.add_argument("--file", type=Path, help="read the text from a file")
    command.add_argument("--trace", type=Path, help="keep what was attended to while generating: run.safetensors")
    add_sampling(command, 64)
    add_model(command)
    command.set_defaults(run="generate:run")
