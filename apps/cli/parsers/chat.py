"""The flags of `chat`."""

from gemma2_workbench.apps.cli.parsers.commands import Commands
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.apps.cli.parsers.sampling import add_sampling


def add(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add_parser("chat", help="talk with the model, several turns; one a line where input is piped")
    add_model(command)
    add_sampling(command, 512)
    command.set_defaults(run="chat:run")
