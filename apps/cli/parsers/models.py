"""The command `models`."""

from gemma2_workbench.apps.cli.parsers.commands import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    models = commands.add_parser("models", help="list the models that come with the package, or what others show")
    models.add_argument("names", nargs="*", metavar="MODEL", help="folders or hub ids: what can be shown of each")
    models.set_defaults(run="models:run")
