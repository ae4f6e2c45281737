"""Trying one case: an input made from the seed and its number is given to the program under a watchdog, and judged."""

import resource
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.robustness.fuzz.bases import Bases
from tests.robustness.fuzz.case import fault_of
from tests.robustness.fuzz.commands import caught, told
from tests.robustness.fuzz.kinds import KINDS

LIMIT_SECONDS = 60
LIMIT_GROWTH = 2 << 30  # bytes that one input may add to the largest memory of the process
HOSTS = (None, "", "localhost", "127.0.0.1", "::1", "testserver")


class HangError(BaseException):
    """The watchdog's; no `except Exception` stops it."""


@dataclass(frozen=True)
class Verdict:
    """How a case went: "refused", "accepted" or "fault", and why it is a fault."""

    kind: str
    seed: int
    number: int
    description: str
    state: str
    why: str
    seconds: float

    @property
    def again(self) -> str:
        """The command that tries it again."""
        return f"python -m tests.robustness.fuzz --kinds {self.kind} --seed {self.seed} --case {self.number}"


def tried(kind: str, seed: int, number: int, bases: Bases) -> Verdict:
    """Try a case; it is the same for the same kind, seed and number."""
    scratch = Path(tempfile.mkdtemp(dir=bases.folder))
    case = KINDS[kind](Random(f"{kind} {seed} {number}"), bases, scratch)
    state, since, memory = "fault", time.perf_counter(), _largest()
    try:
        with _watched(), caught():
            answer = case.attempt()
            why = fault_of(case, answer) or _grown(memory) or ""
            state = "fault" if why else "refused" if answer.refused else "accepted"
    except HangError as error:
        why = str(error)
    except Exception as error:
        why = f"its result cannot be read: {told(error)}"
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Verdict(kind, seed, number, case.description, state, why, time.perf_counter() - since)


@contextmanager
def _watched() -> Iterator[None]:
    """Stop what takes too long, and refuse every look-up of a foreign host."""

    def stop(*_: Any) -> None:
        raise HangError(f"it hangs: not finished after {LIMIT_SECONDS} s")

    def local(host: Any, *more: Any, **options: Any) -> Any:
        if host not in HOSTS:
            raise RuntimeError(f"it asked the network for {host!r}")
        return look_up(host, *more, **options)

    look_up, handler = socket.getaddrinfo, signal.signal(signal.SIGALRM, stop)
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(sys.int_info.default_max_str_digits)  # hypothesis lifts the limit
    socket.getaddrinfo = local
    signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        socket.getaddrinfo = look_up
        sys.set_int_max_str_digits(digits)


def _largest() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _grown(before: int) -> str | None:
    grown = _largest() - before
    return f"it took {grown / 1e9:.1f} GB of memory" if grown > LIMIT_GROWTH else None
