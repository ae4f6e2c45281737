"""The flags of `bench`."""

from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.apps.cli.server import add_address
from gemma2_workbench.models.reading.shipped import CLASSIFIER


def add(commands: Commands) -> None:
    """Declare the command."""
    bench = commands.add_parser("bench", help="open the classification bench in the browser: labels and reasons")
    add_model(bench, CLASSIFIER)
    add_address(bench)
    bench.set_defaults(run="bench:run", model=None)  # the first of --models, or the embedded one
