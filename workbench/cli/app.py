"""`gemma2-workbench app`: the explorer in the browser."""

import argparse
import importlib
from typing import Any

from workbench.cli.model import add_model


def add(commands: Any) -> None:
    """Declare the command."""
    app = commands.add_parser("app", help="open the explorer in the browser")
    add_model(app)
    app.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine only")
    app.add_argument("--port", type=int, help="default: GRADIO_SERVER_PORT, or the first free one from 7860")
    app.add_argument("--browser", action="store_true", help="open the page in the default browser")
    app.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Serve until it is stopped."""
    # By name: the library does not depend on the apps; only this command starts one.
    explorer = importlib.import_module("apps.explorer.app")
    explorer.serve(
        model=options.model,
        dtype=options.dtype,
        device=options.device,
        host=options.host,
        port=options.port,
        browser=options.browser,
    )
