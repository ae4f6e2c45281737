"""`gemma2-workbench app`: the explorer in the browser."""

import argparse
import importlib

from gemma2_workbench.apps.cli.server import serving
from gemma2_workbench.traces.file import load_trace


def run(options: argparse.Namespace) -> None:
    """Serve until it is stopped.

    Raises:
        OSError, ValueError: a trace or the model cannot be read; nothing has started then.
    """
    traces = [(path.stem, load_trace(path)) for path in options.trace]
    # By name: the library does not depend on the apps; only this command starts one.
    settings = serving(options)
    page = importlib.import_module("gemma2_workbench.apps.serve")
    page.serve(**settings, traces=traces)
