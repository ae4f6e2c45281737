"""The flags of `headvis`."""

from pathlib import Path

from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model


def add(commands: Commands) -> None:
    """Declare the command."""
    headvis = commands.add_parser("headvis", help="write heads as the data folder that the HeadVis viewer reads")
    source = headvis.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", action="append", help="a text, or - for standard input; again for another sequence")
    source.add_argument("--trace", nargs="+", type=Path, help="files written by the trace command, one sequence each")
    source.add_argument(
        "--sweep", type=Path, help="folder of a sweep: scores over its texts, its examples as sequences"
    )
    headvis.add_argument("--out", required=True, type=Path, help="the viewer's data folder; made if it is not there")
    headvis.add_argument("--head", nargs="+", metavar="L.H", help="heads such as 5.2 for layer 5 head 2; default: all")
    add_model(headvis)
    headvis.set_defaults(run="headvis:run")
