"""`gemma2-workbench models`: what comes with the package."""

import argparse

from gemma2_workbench.models.shipped import embedded


def run(_options: argparse.Namespace) -> None:
    """Print name and folder of every embedded checkpoint."""
    for name, folder in embedded().items():
        print(f"{name}\t{folder}")
