"""`gemma2-workbench headvis`: heads of texts or traces as the data folder of Anthropic's HeadVis viewer."""

import argparse
import re
from pathlib import Path

from gemma2_workbench.apps.cli.model import given_text, loaded_model
from gemma2_workbench.atomic import checked_folder
from gemma2_workbench.headvis import save, save_sweep
from gemma2_workbench.limits import short
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.traces.capture import capture
from gemma2_workbench.traces.file import load_trace


def run(options: argparse.Namespace) -> None:
    """Write the folder and say what is in it."""
    checked_folder(options.out)
    heads = None if options.head is None else [_head(name) for name in options.head]
    if options.sweep is not None:
        found = Sweep.load(options.sweep)
        folder = save_sweep(found, options.out, heads)
        print(f"{folder}: {_count(folder)} heads, scores over {found.counts['windows']:,} sequences")
        return
    if options.text is not None:
        loaded = loaded_model(options)
        traces = [capture(loaded, given_text(text)) for text in options.text]
    else:
        traces = [load_trace(path) for path in options.trace]
    folder = save(traces, options.out, heads)
    print(f"{folder}: {_count(folder)} heads, {len(traces)} sequences")


def _count(folder: Path) -> int:
    return len(list((folder / "heads").glob("*.json")))


def _head(name: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,9})\.([0-9]{1,9})", name)
    if found is None:
        raise ValueError(f"--head {short(repr(name))} is not allowed; write LAYER.HEAD, for example 5.2")
    return int(found[1]), int(found[2])
