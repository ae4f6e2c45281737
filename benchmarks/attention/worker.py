"""One peer in this process: `python -m benchmarks.attention.worker PEER GEOMETRY LENGTH` prints a line of JSON."""

import json
import resource
import statistics
import sys
import time
from typing import TypedDict

import psutil
import torch

from benchmarks.attention import geometries
from benchmarks.attention.peers import PEERS, CannotRunError

# Short runs are repeated for so long, and so often at most; long ones run once.
REPEATED_SECONDS, MOST_RUNS = 1.0, 30


class Row(TypedDict):
    """What one peer took at one length.

    Attributes:
        seconds, cpu_seconds: of one run after one that does not count; wall, and of all threads.
        peak_mb: most memory that the process held during any run, beyond what it held before the first.
        captured_mb: the tensors that came back.
        threads: of torch.
    """

    peer: str
    geometry: str
    length: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    captured_mb: float
    threads: int


class Absent(TypedDict):
    """A peer that was not measured, and why."""

    peer: str
    geometry: str
    length: int
    reason: str


def measured(name: str, geometry: str, length: int) -> Row:
    """Run one peer in this process; the middle of the runs that count."""
    loaded = geometries.model(geometry)
    text = geometries.text_of(loaded, length)
    with torch.no_grad():
        run = PEERS[name].prepare(loaded, text)
        before = psutil.Process().memory_info().rss
        captured = sum(tensor.nbytes for tensor in run())
        walls, cpus, began = [], [], time.perf_counter()
        while not walls or (time.perf_counter() - began < REPEATED_SECONDS and len(walls) < MOST_RUNS):
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    return {
        "peer": name,
        "geometry": geometry,
        "length": len(loaded.tokenizer(text)["input_ids"]),
        "seconds": statistics.median(walls),
        "cpu_seconds": statistics.median(cpus),
        "peak_mb": peak / 1e6,
        "captured_mb": captured / 1e6,
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    """Measure what the command names; a peer that cannot run says why and is no error."""
    name, geometry, length = sys.argv[1], sys.argv[2], int(sys.argv[3])
    try:
        row: Row | Absent = measured(name, geometry, length)
    except (CannotRunError, MemoryError) as error:
        row = {"peer": name, "geometry": geometry, "length": length, "reason": str(error)}
    print(json.dumps(row))


if __name__ == "__main__":
    main()
