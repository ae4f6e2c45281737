"""`gemma2-workbench headvis`: heads of texts or traces as the data folder of Anthropic's HeadVis viewer."""

import argparse
import re
from pathlib import Path
from typing import Any

from gemma2_workbench.apps.cli.model import add_model, given_text, loaded_model
from gemma2_workbench.atomic import checked_folder
from gemma2_workbench.headvis import save
from gemma2_workbench.limits import short
from gemma2_workbench.traces.capture import capture
from gemma2_workbench.traces.file import load_trace


def add(commands: Any) -> None:
    """Declare the command."""
    headvis = commands.add_parser("headvis", help="write heads as the data folder that the HeadVis viewer reads")
    source = headvis.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", action="append", help="a text, or - for standard input; again for another sequence")
    source.add_argument("--trace", nargs="+", type=Path, help="files written by the trace command, one sequence each")
    headvis.add_argument("--out", required=True, type=Path, help="the viewer's data folder; made if it is not there")
    headvis.add_argument("--head", nargs="+", metavar="L.H", help="heads such as 5.2 for layer 5 head 2; default: all")
    add_model(headvis)
    headvis.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the folder and say what is in it."""
    checked_folder(options.out)
    heads = None if options.head is None else [_head(name) for name in options.head]
    if options.text is not None:
        loaded = loaded_model(options)
        traces = [capture(loaded, given_text(text)) for text in options.text]
    else:
        traces = [load_trace(path) for path in options.trace]
    folder = save(traces, options.out, heads)
    print(f"{folder}: {len(list((folder / 'heads').glob('*.json')))} heads, {len(traces)} sequences")


def _head(name: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,9})\.([0-9]{1,9})", name)
    if found is None:
        raise ValueError(f"--head {short(repr(name))} is not allowed; write LAYER.HEAD, for example 5.2")
    return int(found[1]), int(found[2])
