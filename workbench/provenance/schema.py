"""What a record must hold: the kind of every part, and the check for it."""

from collections.abc import Mapping
from typing import Any

TEXT = str | None
NUMBERS = int | float | list | None
RUN: dict[str, Any] = {
    "model": dict,
    "text": str,
    "ids": list,
    "block_rows": int,
    "overrides": list,
    "parity": dict,
    "trace": dict | None,
    "lens": dict | None,
}
DRAWING = RUN | {"further_runs": list, "view": str, "options": dict}
# Beside DRAWING, SITUATION or REASON, in every record.
FILE: dict[str, Any] = {
    "versions": dict,
    "panels": list,
    "columns": int,
    "figure": dict,
    "numbers": dict,
    "command": str,
}
FIGURE: dict[str, Any] = {
    "what": str,
    "format": str,
    "venue": TEXT,
    "width": str | int | float,
    "dpi": int,
    "title": bool,
    "dark": bool,
}
SITUATION: dict[str, Any] = {
    "model": dict | None,
    "text": TEXT,
    "ids": list | None,
    "names": list | None,
    "setting": dict,
    "layers": list,
    "passes": list,
}
REASON: dict[str, Any] = {
    "model": dict,
    "text": str,
    "ids": list,
    "overrides": list,
    "show": str,
    "question": dict | None,
    "method": TEXT,
    "layer": int | None,
    "head": int | None,
}
ASKED: dict[str, Any] = {"word": int, "label": TEXT, "against": TEXT}
ORIGIN: dict[str, Any] = {
    "name": str,
    "source": str,
    "revision": TEXT,
    "window": int | None,
    "causal": bool | None,
}
SETTING: dict[str, Any] = {
    "tokens": int,
    "window": int,
    "layers": list,
    "padding": int,
    "side": str,
    "decode": int,
    "chunk": int | None,
    "cache": str,
    "slots": int | None,
    "causal": bool,
}


def check(data: Mapping[str, Any], kinds: Mapping[str, Any]) -> None:
    """Every part of `kinds` is there and of its kind.

    Raises:
        KeyError: a part is missing.
        TypeError: a part is of another kind.
    """
    for name, kind in kinds.items():
        if name not in data:
            raise KeyError(name)
        if not isinstance(data[name], kind):
            raise TypeError(f"{name!r} is {type(data[name]).__name__}")
