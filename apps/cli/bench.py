"""`gemma2-workbench bench`: the classification bench in the browser."""

import argparse
import importlib
from typing import Any

from gemma2_workbench.apps.cli.model import add_model
from gemma2_workbench.apps.cli.server import add_address, serving
from gemma2_workbench.models.loading import CLASSIFIER


def add(commands: Any) -> None:
    """Declare the command."""
    bench = commands.add_parser("bench", help="open the classification bench in the browser: labels and reasons")
    add_model(bench, CLASSIFIER)
    add_address(bench)
    bench.set_defaults(run=run, model=None)  # the first of --models, or the embedded one


def run(options: argparse.Namespace) -> None:
    """Serve until it is stopped."""
    # By name: the library does not depend on the apps; only this command and `app` start one.
    settings = serving(options)
    bench = importlib.import_module("gemma2_workbench.apps.token_classification.app")
    bench.serve(**settings)
