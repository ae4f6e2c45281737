"""Whole numbers as values of flags."""

import argparse

from gemma2_workbench.limits import short


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
