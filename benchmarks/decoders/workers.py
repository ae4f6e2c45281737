"""`rows`: the lines of many model types, made in a process of their own, which may hang or die without harm."""

import multiprocessing
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection

from benchmarks.decoders.row import Row, row_of

SECONDS = 300


def rows(types: Sequence[str]) -> Iterator[Row]:
    """The line of each type, in order; a type that takes too long or ends the process is refused with that reason."""
    left = list(types)
    while left:
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(there, left), daemon=True)
        process.start()
        there.close()
        while left:
            try:
                row = here.recv() if here.poll(SECONDS) else Row(left[0], "not built", reason=f"takes over {SECONDS} s")
            except EOFError:
                row = Row(left[0], "not built", reason="ends the process")
            yield row
            left.pop(0)
            if row.reason in ("ends the process", f"takes over {SECONDS} s"):
                break
        process.kill()
        process.join()


def _work(there: Connection, types: Sequence[str]) -> None:
    for model_type in types:
        there.send(row_of(model_type))
