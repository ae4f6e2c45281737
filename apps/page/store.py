"""Runs held by the server: a run is a trace, captured here or opened, under an id that cannot be guessed.

The binary routes have no login of their own; whoever knows a run's id may read it, so the id is a
secret of 128 random bits. The least recently used run goes first when there is no room.
"""

import secrets

from gemma2_workbench import Trace
from gemma2_workbench.apps.page.cache import Kept


class RunStore:
    """Keeps the latest traces by run id, for reading from several threads.

    Args:
        kept: where runs are held, and how many bytes of them; default: as many as `Kept` takes on this machine.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = Kept() if kept is None else kept
        self._for_good: dict[str, Trace] = {}

    def add(self, trace: Trace, keep: bool = False) -> str:
        """Holds `trace`, for good if `keep`, and returns its new run id."""
        run = secrets.token_urlsafe(16)
        if keep:
            self._for_good[run] = trace
        else:
            self._kept.add(("run", run), trace)
        return run

    def find(self, run: str) -> Trace | None:
        """The trace of `run`, now the most recently used one, or None if it is not held."""
        return self._for_good.get(run) or self._kept.find(("run", run))
