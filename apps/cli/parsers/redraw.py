"""The flags of `redraw`."""

from pathlib import Path

from gemma2_workbench.apps.cli.parsers.commands import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    redraw = commands.add_parser("redraw", help="make a figure or a table again from its record, and compare")
    redraw.add_argument("record", type=Path, help="the .json beside a file, or the file itself (all formats but .csv)")
    redraw.add_argument("--out", type=Path, help="write the new file and its record here; default: only compare")
    redraw.add_argument("--trace", nargs="+", type=Path, default=[], help="take these traces instead of running a text")
    redraw.add_argument("--sweep", nargs="+", type=Path, default=[], help="where the sweeps of the record are now")
    redraw.add_argument("--model", help="where the weights are now; default: where the record says")
    redraw.add_argument("--download", action="store_true", help="fetch a hub model that the record names")
    redraw.set_defaults(run="redraw:run")
