"""Runs held by the server: a run is a trace under an id that cannot be guessed.

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
        max_runs: how many runs are held; one more drops the run that was read longest ago.

    Raises:
        ValueError: if `max_runs` is smaller than 1.
    """

    def __init__(self, max_runs: int = 16) -> None:
        if max_runs < 1:
            raise ValueError(f"max_runs is {max_runs}, but a store holds at least 1 run")
        self.max_runs = max_runs
        self._runs: OrderedDict[str, Trace] = OrderedDict()
        self._lock = Lock()

    def add(self, trace: Trace) -> str:
        """Holds `trace` and returns its new run id."""
        run = secrets.token_urlsafe(16)
        with self._lock:
            self._runs[run] = trace
            while len(self._runs) > self.max_runs:
                self._runs.popitem(last=False)
        return run

    def find(self, run: str) -> Trace | None:
        """The trace of `run`, now the most recently used one, or None if it is not held."""
        with self._lock:
            if run not in self._runs:
                return None
            self._runs.move_to_end(run)
            return self._runs[run]

    def __len__(self) -> int:
        """How many runs are held."""
        return len(self._runs)
