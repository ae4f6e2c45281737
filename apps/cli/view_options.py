"""The options of views as flags, generated from the views' own tables of options."""

import argparse
from collections.abc import Iterable
from typing import Any

from gemma2_workbench.views import View
from gemma2_workbench.views.view import Option

_KINDS = {
    "layer": "layers, from 0",
    "head": "heads, from 0",
    "token": "positions, from 0",
    "range": "first:stop",
    "heads": "heads of one panel, such as 0,3",
    "share": "a number from 0 to 1",
    "number": "a number from 1",
}


def add_view_options(command: argparse.ArgumentParser, views: Iterable[View]) -> None:
    """A flag for every option that one of the views has."""
    group = command.add_argument_group("options of views", "several values give several panels")
    for option, owners in _merged(views).items():
        kind = int if option.kind in ("layer", "head", "token", "number") else str
        says = f"{_KINDS.get(option.kind) or ', '.join(option.choices)} ({', '.join(owners)})"
        group.add_argument(f"--{option.name}", nargs="+", type=kind, metavar=option.name.upper(), help=says)


def given_options(options: argparse.Namespace, views: Iterable[View]) -> dict[str, Any]:
    """The values of these flags that were given, by the names of the options."""
    names = dict.fromkeys(option.name for view in views for option in view.options)
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _merged(views: Iterable[View]) -> dict[Option, list[str]]:
    """Every option once, with the choices of all views that have it, and their names."""
    owners: dict[str, list[str]] = {}
    merged: dict[str, Option] = {}
    for view in views:
        for option in view.options:
            known = merged.setdefault(option.name, option)
            choices = tuple(dict.fromkeys((*known.choices, *option.choices)))
            merged[option.name] = Option(option.name, option.label, option.kind, None, choices)
            owners.setdefault(option.name, []).append(view.name)
    return {option: owners[name] for name, option in merged.items()}
