"""Numbers as values of flags."""

import argparse

from gemma2_workbench.limits import short
from gemma2_workbench.traces.interventions.intervention import is_index


def whole_number(text: str) -> int:
    """What argparse takes as `type`: an int, else a short sentence that shows what was given.

    Raises:
        ArgumentTypeError: it is no whole number, or one of thousands of digits.
    """
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{short(repr(text))} must be a whole number") from None


def number(text: str) -> float:
    """A number of an argument; what it may be is said where it is used.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{short(repr(text))} must be a number") from None


def indices(name: str, text: str | None) -> list[int] | None:
    """The numbers of `--name 0,3`, None where it is not given.

    Raises:
        ValueError: it is no such list.
    """
    if text is None:
        return None
    parts = text.split(",")
    if not all(map(is_index, parts)):
        raise ValueError(f"--{name} {short(repr(text))} is not allowed; write numbers from 0 with commas, such as 0,3")
    return list(map(int, parts))
