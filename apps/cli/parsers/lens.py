"""The flags of `lens`."""

from gemma2_workbench.apps.cli.changes import add_changes
from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("lens", help="what some states of the residual stream predict")
    command.description = (
        "Print the logit lens of some rows and positions. No other state is unembedded, which is what takes long where "
        "the vocabulary is large; the whole grid as a file: `figure lens` and `table lens`."
    )
    command.add_argument("text", help="the text, or - to read it from standard input")
    command.add_argument("--rows", metavar="0,3", help="0 is the embeddings, n after layer n - 1; default: all")
    command.add_argument("--positions", metavar="3,7", help="positions of the text; default: the last")
    command.add_argument("--token", help="the token that is followed; default: the one that comes next")
    add_model(command)
    add_changes(command)
    command.set_defaults(run="lens:run")
