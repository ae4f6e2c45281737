"""`gemma2-workbench app`: the explorer in the browser."""

import argparse
import importlib
from pathlib import Path
from typing import Any

from workbench.cli.model import add_model
from workbench.cli.server import add_address, serving
from workbench.trace import Trace


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
    traces = [(path.stem, Trace.load(path)) for path in options.trace]
    # By name: the library does not depend on the apps; only this command starts one.
    settings = serving(options)
    explorer = importlib.import_module("apps.explorer.app")
    explorer.serve(**settings, traces=traces)
