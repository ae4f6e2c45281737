"""The progress of long jobs, on stderr and only in a terminal, so that output stays clean."""

import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def progress(items: Iterable[Item]) -> Iterable[Item]:
    """The items, counted on stderr once they have taken two seconds."""
    return tqdm(items, unit="batch", delay=2, leave=False, disable=None, file=sys.stderr)
