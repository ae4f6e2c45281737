"""The progress of long jobs, on stderr and only in a terminal, so that output stays clean."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def progress(items: Iterable[Item]) -> Iterable[Item]:
    """The items, counted on stderr once they have taken two seconds."""
    return tqdm(items, unit="batch", delay=2, leave=False, disable=None, file=sys.stderr)


@contextmanager
def counted(unit: str, *, scaled: bool = False) -> Iterator[Callable[[int, int], None]]:
    """What a run calls with (done, of): counted on stderr once it has taken two seconds; `scaled` in k, M and G."""
    with tqdm(unit=unit, unit_scale=scaled, delay=2, leave=False, disable=None, file=sys.stderr) as bar:

        def report(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        yield report
