"""`gemma2-workbench bench`: the classification bench in the browser."""

import argparse
import importlib

from gemma2_workbench.apps.cli.server import serving


def run(options: argparse.Namespace) -> None:
    """Serve until it is stopped."""
    # By name: the library does not depend on the apps; only this command and `app` start one.
    settings = serving(options)
    page = importlib.import_module("gemma2_workbench.apps.serve")
    page.serve(**settings, mode="classify")
