"""The flags of `figure` and `table`, with the options of all views."""

import argparse
from pathlib import Path
from typing import Any

from gemma2_workbench.apps.cli.changes import add_changes
from gemma2_workbench.apps.cli.parsers.look import add_look
from gemma2_workbench.apps.cli.parsers.model import add_model
from gemma2_workbench.views import VIEWS
from gemma2_workbench.views.view import Option

_KINDS = {
    "layer": "layers, from 0",
    "head": "heads, from 0",
    "token": "positions, from 0",
    "range": "first:stop",
    "heads": "heads of one panel, such as 0,3",
    "share": "a number from 0 to 1",
}


def add(commands: Any) -> None:
    """Declare both commands."""
    figure = _add(commands, "figure", "draw a view: .pdf .svg .png for print, .html for the screen", "view:draw")
    figure.description = (
        "Draw a view: .pdf .svg .png for print, .html for the screen. `figure text` also writes .tex: the text as "
        "LaTeX source, every token in a box of its colour."
    )
    add_look(figure)
    _add(commands, "table", "write the numbers of a view: .csv .parquet .tex; maps: .npz .safetensors", "view:tabulate")


def _add(commands: Any, name: str, help: str, run: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help)
    command.add_argument("view", choices=[view.name for view in VIEWS])
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", action="append", help="the text, or - for standard input; again for another panel")
    source.add_argument("--trace", nargs="+", action="extend", type=Path, help="files written by the trace command")
    command.add_argument("--out", required=True, type=Path, help="file to write; its ending decides the format")
    group = command.add_argument_group("options of views", "several values give several panels")
    for option, owners in view_options().items():
        kind = int if option.kind in ("layer", "head", "token") else str
        says = f"{_KINDS.get(option.kind) or ', '.join(option.choices)} ({', '.join(owners)})"
        group.add_argument(f"--{option.name}", nargs="+", type=kind, metavar=option.name.upper(), help=says)
    command.add_argument("--token", help="token that the lens follows instead of the one that comes next")
    add_model(command)
    add_changes(command)
    command.set_defaults(run=run)
    return command


def view_options() -> dict[Option, list[str]]:
    """Every option of the views once, with the names of the views that have it."""
    owners: dict[str, list[str]] = {}
    merged: dict[str, Option] = {}
    for view in VIEWS:
        for option in view.options:
            known = merged.setdefault(option.name, option)
            choices = tuple(dict.fromkeys((*known.choices, *option.choices)))
            merged[option.name] = Option(option.name, option.label, option.kind, None, choices)
            owners.setdefault(option.name, []).append(view.name)
    return {option: owners[name] for name, option in merged.items()}
