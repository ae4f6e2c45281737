"""`gemma2-workbench models`: what comes with the package."""

import argparse
from typing import Any

from gemma2_workbench.models.names import embedded


def add(commands: Any) -> None:
    """Declare the command."""
    models = commands.add_parser("models", help="list the models that come with the package")
    models.set_defaults(run=run)


def run(_options: argparse.Namespace) -> None:
    """Print name and folder of every embedded checkpoint."""
    for name, folder in embedded().items():
        print(f"{name}\t{folder}")
