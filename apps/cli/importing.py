"""Importing what runs, without looking for garbage meanwhile: a third of what the import of torch would take."""

import gc
from pkgutil import resolve_name
from typing import Any


def imported(name: str) -> Any:
    """The object of a dotted name, in a process that is the command's own.

    Modules are no garbage, but each thousand new objects has Python look through all; they are left out of later
    searches too, while a command runs.
    """
    gc.disable()
    try:
        return resolve_name(name)
    finally:
        gc.enable()
        gc.freeze()
