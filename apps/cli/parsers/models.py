"""The command `models`, which has no flags."""

from typing import Any


def add(commands: Any) -> None:
    """Declare the command."""
    models = commands.add_parser("models", help="list the models that come with the package")
    models.set_defaults(run="models:run")
