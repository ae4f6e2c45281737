"""`gemma2-workbench app`: the explorer in the browser."""

import argparse
import importlib

from gemma2_workbench.apps.cli.server import serving
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.traces.file import load_trace


def run(options: argparse.Namespace) -> None:
    """Serve until it is stopped.

    Raises:
        OSError, ValueError: a trace, a sweep or the model cannot be read, or a sweep is of another model; nothing has
            started then.
    """
    traces = [(path.stem, load_trace(path)) for path in options.trace]
    sweeps = [(path.resolve().name, Sweep.load(path)) for path in options.sweep]
    # By name: the library does not depend on the apps; only this command starts one.
    settings = serving(options)
    page = importlib.import_module("gemma2_workbench.apps.serve")
    page.serve(**settings, traces=traces, sweeps=sweeps)
