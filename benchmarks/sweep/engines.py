"""The same sweep in this process, in shards, in processes of this machine, and on Ray; and the memory of a long one."""

import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.sweep.texts import many
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.loading import load
from gemma2_workbench.sweeps.engines import local, on_ray
from gemma2_workbench.sweeps.engines.job import Job
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.settings import SweepSettings
from gemma2_workbench.sweeps.store import parts_of
from gemma2_workbench.sweeps.sweep import merge_sweep, sweep


def workers(model: str, count: int, most: int) -> list[JsonObject]:
    """Seconds of one process, of 1 to `most` workers, and of Ray, start and model included; whether bytes are equal."""

    def alone(job: Job) -> None:
        sweep(job.loaded(), job.corpus, job.settings, out=job.out)

    found = [_run("alone", model, count, alone)]
    for number in range(1, most + 1):
        found.append(_run(f"{number} workers", model, count, lambda job, number=number: local.run(job, number)))
    if importlib.util.find_spec("ray") is None:
        return [*found, {"figure": "engine", "engine": "ray", "absent": "ray is not installed"}]
    return [*found, _run(f"ray, {most} workers", model, count, lambda job: on_ray.run(job, most))]


def shards(model: str, count: int) -> list[JsonObject]:
    """Processor seconds of 1, 2, 4 and 8 shards, one after the other, and of their merge; whether bytes are equal."""
    loaded, found = load(model), []
    for of in (1, 2, 4, 8):

        def run(job: Job, of: int = of) -> None:
            for number in range(of):
                sweep(loaded, job.corpus, job.settings, out=job.out, shard=(number, of))

        found.append(_run(f"{of} shards", model, count, run))
    return found


def memory(model: str, count: int) -> JsonObject:
    """Resident memory of this process at ten points of a sweep, MB."""
    process, seen = psutil.Process(), []

    def look(done: int, of: int) -> None:
        if done * 10 // of > len(seen):
            seen.append(process.memory_info().rss >> 20)

    sweep(load(model), many(count), progress=look)
    return {"figure": "memory", "model": model, "texts": count, "rss_mb": seen}


def _run(engine: str, model: str, count: int, run: Callable[[Job], None]) -> JsonObject:
    with tempfile.TemporaryDirectory() as folder:
        job = Job(model, None, None, many(count), SweepSettings(block=16), Path(folder))
        since, cpu_since = time.perf_counter(), time.process_time()
        run(job)
        seconds = time.perf_counter() - since
        merged = merge_sweep([Partial.load(path) for path in parts_of(job.out)])
        cpu = time.process_time() - cpu_since
    figure: JsonObject = {"figure": "engine", "engine": engine, "texts": count, "seconds": round(seconds, 1)}
    # Of this process alone: what others work is not in it.
    return figure | {"processor_seconds": round(cpu, 1), "sha256": merged.sha256}
