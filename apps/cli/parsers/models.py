"""The command `models`, which has no flags."""

from gemma2_workbench.apps.cli.parsers.commands import Commands


def add(commands: Commands) -> None:
    """Declare the command."""
    models = commands.add_parser("models", help="list the models that come with the package")
    models.set_defaults(run="models:run")
