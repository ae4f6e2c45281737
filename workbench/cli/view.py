"""`gemma2-workbench figure` and `table`: a view of a text or of a trace, as a picture or as its numbers."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.cli.model import add_model
from workbench.cli.trace import captured
from workbench.export import export
from workbench.trace import Trace
from workbench.views import VIEWS, View, view_named

LENS_VIEWS = ("lens", "contributions")  # of a trace that was captured with its lens
# Options of views, as flags: name -> (type, help).
VIEW_OPTIONS: dict[str, tuple[type, str]] = {
    "layer": (int, "layer, from 0"),
    "head": (int, "head, from 0"),
    "stage": (str, "attn_logits, attn_scores, attn_masked, attn_probs or contribution"),
    "metric": (str, "quantity of the atlas, the softcap or the lens view"),
    "query": (int, "position of a query, from 0; default: the last token"),
    "key": (int, "position of a key, from 0; default: the one the query attends to most"),
    "rows": (str, "queries first:stop, for example 0:64; default: all"),
    "keys": (str, "keys first:stop; default: all"),
    "positions": (str, "positions first:stop of the lens; default: all"),
    "position": (int, "position whose logit is taken apart, from 0; default: the last token"),
}


def add(commands: Any) -> None:
    """Declare both commands."""
    figure = _add(commands, "figure", "draw a view: .pdf .svg .png for print, .html for the screen", draw)
    figure.add_argument("--venue", help="acl, icml, neurips, iclr, aaai, cvpr or jmlr")
    figure.add_argument("--width", default="single", help="single, text or double column, or inches")
    figure.add_argument("--title", action="store_true", help="write the title into the figure")
    _add(commands, "table", "write the numbers of a view: .csv .parquet .tex", tabulate)


def _add(commands: Any, name: str, help: str, run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help)
    command.add_argument("view", choices=[view.name for view in VIEWS])
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", help="the text, or - to read it from standard input")
    source.add_argument("--trace", type=Path, help="a file written by the trace command")
    command.add_argument("--out", required=True, type=Path, help="file to write; its ending decides the format")
    for option, (kind, meaning) in VIEW_OPTIONS.items():
        command.add_argument(f"--{option}", type=kind, help=meaning)
    add_model(command)
    command.set_defaults(run=run)
    return command


def draw(options: argparse.Namespace) -> None:
    """Write the picture of the view."""
    view, frame = _view_table(options)
    width = options.width if options.width.isalpha() else float(options.width)
    print(export(view.figure(frame), options.out, width=width, venue=options.venue, title=options.title))


def tabulate(options: argparse.Namespace) -> None:
    """Write the numbers of the view."""
    _, frame = _view_table(options)
    print(f"{export(frame, options.out)}: {len(frame)} rows")


def _view_table(options: argparse.Namespace) -> tuple[View, pd.DataFrame]:
    """The view that was asked for and its table."""
    view = view_named(options.view)
    trace = Trace.load(options.trace) if options.trace else captured(options, lens=view.name in LENS_VIEWS)
    given = {name: getattr(options, name) for name in VIEW_OPTIONS if getattr(options, name) is not None}
    return view, view.table(trace, **given)
