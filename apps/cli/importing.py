"""Importing what runs, without looking for garbage meanwhile: a third of what the import of torch would take."""

import gc
import sys
from pkgutil import resolve_name
from typing import Any

from gemma2_workbench.apps.cli.put_off import FINDER


def imported(name: str) -> Any:
    """The object of a dotted name, in a process that is the command's own.

    Modules are no garbage, but each thousand new objects has Python look through all; they are left out of later
    searches too, while a command runs.
    """
    gc.disable()
    # First, since others know these modules too; it stays, as a command may load them later.
    sys.meta_path.insert(0, FINDER)
    try:
        return resolve_name(name)
    finally:
        gc.enable()
        gc.freeze()
