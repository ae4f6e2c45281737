"""Runs held by the server: a run is a trace, captured here or opened, under an id that cannot be guessed.

The binary routes have no login of their own; whoever knows a run's id may read it, so the id is a
secret of 128 random bits. The least recently used run goes first when the store is full.
"""

import secrets
from collections import OrderedDict
from threading import Lock

from workbench import Trace


class RunStore:
    """Keeps the latest traces by run id, for reading from several threads.

    Args:
        max_runs: how many runs are held beside those kept for good; one more drops the run read longest ago.

    Raises:
        ValueError: if `max_runs` is smaller than 1.
    """

    def __init__(self, max_runs: int = 16) -> None:
        if max_runs < 1:
            raise ValueError(f"max_runs is {max_runs}, but a store holds at least 1 run")
        self.max_runs = max_runs
        self._runs: OrderedDict[str, Trace] = OrderedDict()
        self._kept: dict[str, Trace] = {}
        self._lock = Lock()

    def add(self, trace: Trace, keep: bool = False) -> str:
        """Holds `trace`, for good if `keep`, and returns its new run id."""
        run = secrets.token_urlsafe(16)
        with self._lock:
            (self._kept if keep else self._runs)[run] = trace
            while len(self._runs) > self.max_runs:
                self._runs.popitem(last=False)
        return run

    def find(self, run: str) -> Trace | None:
        """The trace of `run`, now the most recently used one, or None if it is not held."""
        with self._lock:
            if run not in self._runs:
                return self._kept.get(run)
            self._runs.move_to_end(run)
            return self._runs[run]

    def __len__(self) -> int:
        """How many runs are held."""
        return len(self._kept) + len(self._runs)
