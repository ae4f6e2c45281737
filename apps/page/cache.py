"""`Kept`: what took time to make - models, runs, lenses, what-ifs, labels -, kept by the bytes that it takes.

All kinds share one limit of memory and one of disk, which long runs take instead. What was used longest ago goes first;
the newest value always stays, even where it alone is larger than the limit.
"""

import shutil
import tempfile
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Executor, Future
from threading import RLock
from typing import Any, NamedTuple, TypeVar

from cachetools import LRUCache

from gemma2_workbench.apps.page.sizes import Taken, taken
from gemma2_workbench.memory import available_bytes

T = TypeVar("T")
# Of what is free when the server starts: the rest is for the work itself and for everybody else on the machine.
SHARE = 0.5


class Entry(NamedTuple):
    """A value and what it takes."""

    value: Any
    taken: Taken


class Kept:
    """Values by key, each made once however many ask for it at a time, for use by several threads.

    Args:
        memory: bytes of memory that the values may take together; default: half of what is free now.
        disk: bytes of files that they may take; default: half of what is free where temporary files go.
    """

    def __init__(self, memory: int | None = None, disk: int | None = None) -> None:
        if memory is None:
            memory = max(1, int(SHARE * available_bytes()))
        if disk is None:
            disk = max(1, int(SHARE * shutil.disk_usage(tempfile.gettempdir()).free))
        for name, limit in (("memory", memory), ("disk", disk)):
            if limit < 1:
                raise ValueError(f"{name} is {limit} bytes, but at least 1 byte must be allowed")
        self.memory, self.disk = memory, disk
        self._entries = LRUCache[Hashable, Entry](memory, lambda entry: min(entry.taken.memory, memory))
        self._making: dict[Hashable, Future[Any]] = {}
        self._lock = RLock()

    @property
    def sentence(self) -> str:
        """The limits in words."""
        return (
            f"models and runs are kept in up to {self.memory / 1e9:.1f} GB of memory and, where they are long, "
            f"{self.disk / 1e9:.1f} GB of disk; those used longest ago go first"
        )

    def find(self, key: Hashable) -> Any | None:
        """The value of a key, which counts as used now; None if it is not kept."""
        with self._lock:
            # Not `get`, which does not count as use.
            return self._entries[key].value if key in self._entries else None

    def add(self, key: Hashable, value: Any) -> None:
        """Keep a value; what was used longest ago makes room."""
        entry = Entry(value, taken(value))
        with self._lock:
            self._entries[key] = entry
            while len(self) > 1 and sum(each.taken.disk for each in self._entries.values()) > self.disk:
                self._entries.popitem()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key, made here unless it is kept or another thread is just making it.

        What goes wrong is told to everybody who waits for it, and is not kept. Where the maker gives up
        (CancelledError), another one makes it.
        """
        while True:
            value, future, is_ours = self._begin(key)
            if future is None:
                return value
            if is_ours:
                self._make(key, make, future)
                return future.result()
            try:
                return future.result()
            except CancelledError:
                continue

    def soon(self, key: Hashable, make: Callable[[], T], pool: Executor) -> "Future[T]":
        """As `get`, but made by `pool`, and nobody waits for it here: the future is shared by all who ask."""
        value, future, is_ours = self._begin(key)
        if future is None:
            future = Future()
            future.set_result(value)
        elif is_ours:
            pool.submit(self._make, key, make, future)
        return future

    def every(self, kind: type[T]) -> list[T]:
        """The kept values of a kind."""
        with self._lock:
            return [entry.value for entry in list(self._entries.values()) if isinstance(entry.value, kind)]

    def __len__(self) -> int:
        """How many values are kept."""
        return len(self._entries)

    def _begin(self, key: Hashable) -> tuple[Any, Future[Any] | None, bool]:
        """The value, or the future of whoever makes it and whether that is the caller."""
        with self._lock:
            value = self.find(key)
            if value is not None:
                return value, None, False
            is_ours = key not in self._making
            if is_ours:
                self._making[key] = Future()
            return None, self._making[key], is_ours

    def _make(self, key: Hashable, make: Callable[[], Any], future: Future[Any]) -> None:
        try:
            value = make()
            self.add(key, value)
        except BaseException as error:
            with self._lock:
                del self._making[key]
            future.set_exception(error)
            return
        with self._lock:
            del self._making[key]
        future.set_result(value)
