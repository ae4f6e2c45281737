"""`gemma2-workbench app`: the explorer in the browser."""

import argparse
import importlib
from pathlib import Path
from typing import Any

from gemma2_workbench.apps.cli.model import add_model
from gemma2_workbench.apps.cli.server import add_address, serving
from gemma2_workbench.traces.file import load_trace


def add(commands: Any) -> None:
    """Declare the command."""
    app = commands.add_parser("app", help="open the explorer in the browser, on a model or on saved traces")
    app.add_argument(
        "--trace", nargs="+", type=Path, default=[], metavar="FILE", help="show these traces; no model is loaded"
    )
    add_model(app)
    app.set_defaults(model=None)  # with traces none is loaded, with --models the first of them
    add_address(app)
    app.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Serve until it is stopped.

    Raises:
        OSError, ValueError: a trace or the model cannot be read; nothing has started then.
    """
    traces = [(path.stem, load_trace(path)) for path in options.trace]
    # By name: the library does not depend on the apps; only this command starts one.
    settings = serving(options)
    explorer = importlib.import_module("gemma2_workbench.apps.explorer.app")
    explorer.serve(**settings, traces=traces)
