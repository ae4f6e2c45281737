"""Trying many cases in worker processes; a worker that dies, or that no watchdog frees, is a fault of its case."""

import multiprocessing
import os
import resource
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.robustness.fuzz.bases import Bases
from tests.robustness.fuzz.trying import Verdict, tried

Task = tuple[str, int, int]  # kind, seed, number
PATIENCE = 100  # seconds, of which the watchdog inside the worker takes 60
MEMORY = 14 << 30  # bytes of addresses, of which torch alone reserves some
RENEWED = 1500  # cases after which a worker makes room for a fresh one


def verdicts(tasks: Iterable[Task], workers: int) -> Iterator[Verdict]:
    """The verdicts on cases, in the order in which they are ready."""
    waiting = list(reversed(list(tasks)))
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        busy = [_Worker(Path(folder)) for _ in range(min(workers, len(waiting)))]
        try:
            for worker in busy:
                worker.begin(waiting.pop())
            while busy:
                for worker in _ready(busy):
                    yield worker.result()
                    if waiting:
                        worker.begin(waiting.pop())
                    else:
                        busy.remove(worker)
                        worker.stop()
        finally:
            for worker in busy:
                worker.stop()


class _Worker:
    """A process that tries one case after another."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._done = folder, 0
        self._process: BaseProcess
        self.link: Connection
        self._start()

    def begin(self, task: Task) -> None:
        """Hand over the next case."""
        if self._done >= RENEWED or not self._process.is_alive():
            self.stop()
            self._start()
        self._task, self._since = task, time.monotonic()
        self.link.send(task)

    @property
    def lost(self) -> bool:
        """Whether nothing more is to be expected of the case."""
        return not self._process.is_alive() or time.monotonic() - self._since > PATIENCE

    def result(self) -> Verdict:
        """The verdict; of a worker that is lost a fault, and the worker is ended."""
        self._done += 1
        if self.link.poll():
            try:
                return self.link.recv()
            except (EOFError, OSError):
                pass
        self._process.kill()
        self._process.join()
        code, spent = self._process.exitcode, time.monotonic() - self._since
        why = (
            f"the process died (exit code {code})"
            if spent < PATIENCE
            else f"it hangs, and no signal frees it ({spent:.0f} s)"
        )
        return Verdict(*self._task, "(see the number)", "fault", why, spent)

    def stop(self) -> None:
        """End the process."""
        self.link.close()  # which ends its loop
        self._process.join(5)
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.link, far = context.Pipe()
        self._process = context.Process(target=_work, args=(far, self._folder), daemon=True)
        self._process.start()
        far.close()
        self.link.recv()  # until then it imports libraries and makes what is spoilt
        self._done, self._since = 0, time.monotonic()


def _ready(busy: list[_Worker]) -> list[_Worker]:
    """The workers that have answered or are lost; waits for one."""
    while True:
        links = wait([worker.link for worker in busy], timeout=5)
        ready = [worker for worker in busy if worker.link in links or worker.lost]
        if ready:
            return ready


def _work(link: Connection, folder: Path) -> None:
    """Try what comes in, until nothing more does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-c is for the one that counts
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    own = Path(tempfile.mkdtemp(dir=folder))
    os.environ["HOME"] = str(own)  # where ~ leads
    bases = Bases(own).made()
    link.send("ready")
    while True:
        try:
            link.send(tried(*link.recv(), bases))
        except (EOFError, BrokenPipeError, ConnectionResetError):  # nobody asks any more
            return
