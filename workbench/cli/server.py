"""What commands that open a page in the browser have in common: where it is served."""

import argparse
import os
from typing import Any

from workbench import scratch


def add_address(command: argparse.ArgumentParser) -> None:
    """The flags for host, port and browser."""
    command.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine only")
    command.add_argument("--port", type=int, help="default: GRADIO_SERVER_PORT, or the first free one from 7860")
    command.add_argument("--browser", action="store_true", help="open the page in the default browser")


def serving(options: argparse.Namespace) -> dict[str, Any]:
    """What `serve` of an app takes: the model's flags and the address. Gradio's files go away with the process."""
    # Gradio reads it when it is imported, and when components are made.
    os.environ["GRADIO_TEMP_DIR"] = str(scratch.folder("page"))
    names = ("model", "dtype", "device", "host", "port", "browser")
    return {name: getattr(options, name) for name in names}
