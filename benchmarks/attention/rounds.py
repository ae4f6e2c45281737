"""Rounds: every peer in a process of its own, one after the other, again and again, and the middle of them."""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import psutil
import torch

from benchmarks.attention.against import ROOT, tree_of
from benchmarks.attention.peers import KEEPING, PEERS
from benchmarks.attention.worker import Absent, Row

BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"


class Conditions(TypedDict):
    """What belongs beside the rows before it: machine, threads, allocator, how much others computed, versions."""

    conditions: str


@dataclass(frozen=True)
class Place:
    """One line of the table: a peer, and where it runs.

    Attributes:
        peer: its name in `PEERS`.
        commit: whose package it uses; "" is the one at hand.
        busy: whether another process keeps a core busy meanwhile.
    """

    peer: str
    commit: str = ""
    busy: bool = False

    @property
    def name(self) -> str:
        """What it is called in the table."""
        return self.peer + (f"@{self.commit}" if self.commit else "") + (" (core busy)" if self.busy else "")


@dataclass(frozen=True)
class Summary:
    """The rounds of one peer at one length.

    Attributes:
        row: the middle of each number.
        low, high: fewest and most seconds of a round.
    """

    row: Row | Absent
    low: float
    high: float


def measure(
    places: Sequence[Place], geometry: str, lengths: Sequence[int], rounds: int, log: Path | None = None
) -> list[Row | Absent]:
    """A row of every place, length and round; whatever cannot be measured is asked once."""
    rows: list[Row | Absent] = []
    with ExitStack() as stack:
        trees = {commit: stack.enter_context(tree_of(commit)) for commit in {place.commit for place in places} - {""}}
        absent: set[tuple[Place, int]] = set()
        for length in [length for _ in range(rounds) for length in lengths]:
            for place in places:
                if (place, length) in absent:
                    continue
                row = _in_own_process(place, geometry, length, trees.get(place.commit))
                if "reason" in row:
                    absent.add((place, length))
                rows.append(row)
                noted(row, log)
    return rows


def noted(entry: Row | Absent | Conditions, log: Path | None) -> None:
    """Add a line to the log, if there is one."""
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def summaries(rows: Sequence[Row | Absent]) -> list[Summary]:
    """The middle of the rounds, in the order of lengths and, within one, of the peers."""
    groups: dict[tuple[int, str], list[Row | Absent]] = {}
    for row in rows:
        groups.setdefault((row["length"], row["peer"]), []).append(row)
    return [_summary(groups[key]) for key in sorted(groups, key=lambda key: key[0])]


def _summary(rows: Sequence[Row | Absent]) -> Summary:
    measured = [row for row in rows if "reason" not in row]
    if not measured:
        return Summary(rows[0], 0, 0)
    seconds = [row["seconds"] for row in measured]
    middle = measured[0].copy()
    for name in ("seconds", "cpu_seconds", "peak_mb", "captured_mb"):
        middle[name] = statistics.median(row[name] for row in measured)
    return Summary(middle, min(seconds), max(seconds))


@contextmanager
def conditions() -> Iterator[Callable[[], str]]:
    """What belongs beside every number, as a sentence that is asked for afterwards."""
    began, busy, own = time.perf_counter(), _busy_seconds(), _own_seconds()

    def note() -> str:
        passed = (time.perf_counter() - began) * (psutil.cpu_count() or 1)
        foreign = max(0.0, _busy_seconds() - busy - (_own_seconds() - own)) / passed
        given = [f"{name}={os.environ[name]}" for name in (*KEEPING, "LD_PRELOAD") if name in os.environ]
        return (
            f"{platform.processor() or platform.machine()}, {psutil.cpu_count()} cores, "
            f"{psutil.virtual_memory().total / 2**30:.0f} GB; {torch.get_num_threads()} threads; "
            f"allocator {', '.join(given) or 'as glibc has it'}; foreign CPU share {foreign:.0%}; "
            f"Python {platform.python_version()}, torch {torch.__version__}"
        )

    yield note


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return times.user + times.nice + times.system


def _own_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _in_own_process(place: Place, geometry: str, length: int, tree: Path | None) -> Row | Absent:
    path = [str(folder) for folder in (tree, ROOT) if folder] + [os.environ.get("PYTHONPATH", "")]
    environment = os.environ | PEERS[place.peer].environment | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    command = [sys.executable, "-m", "benchmarks.attention.worker", place.peer, geometry, str(length)]
    with _busy_core() if place.busy else ExitStack():
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=tree or ROOT)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        return {"peer": place.name, "geometry": geometry, "length": length, "reason": last}
    return json.loads(done.stdout.splitlines()[-1]) | {"peer": place.name}


@contextmanager
def _busy_core() -> Iterator[None]:
    """A process beside that computes for as long as this one lives, of usual priority."""
    other = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        other.kill()
        other.wait()
