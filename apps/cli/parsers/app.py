"""The flags of `app`."""

from pathlib import Path

from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.apps.cli.server import add_address


def add(commands: Commands) -> None:
    """Declare the command."""
    app = commands.add_parser("app", help="open the explorer in the browser, on a model or on saved traces")
    app.add_argument(
        "--trace", nargs="+", type=Path, default=[], metavar="FILE", help="show these traces; no model is loaded"
    )
    app.add_argument(
        "--sweep",
        nargs="+",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="offer what heads do over the texts of sweeps",
    )
    add_model(app)
    app.set_defaults(model=None)  # with traces none is loaded, with --models the first of them
    add_address(app)
    app.set_defaults(run="app:run")
