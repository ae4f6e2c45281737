"""Shards in processes of this machine."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

import torch

from gemma2_workbench.sweeps.engines.job import Job
from gemma2_workbench.sweeps.sweep import sweep

_LOOK = 1.0  # seconds between two looks at what the workers have done


def run(job: Job, workers: int, progress: Callable[[int, int], object] | None = None) -> None:
    """Run a sweep in several processes, each with a model of its own; the parts lie in the folder of the job.

    Threads are shared out among them.

    Args:
        job: what to run.
        workers: how many processes.
        progress: called with (blocks done, blocks).

    Raises:
        BaseException: what a worker raised; the others stop.
    """
    context = multiprocessing.get_context("spawn")
    blocks = job.corpus.outline(job.settings.block).blocks
    with context.Manager() as manager:
        done: Any = manager.dict()
        threads = max(1, torch.get_num_threads() // workers)
        with ProcessPoolExecutor(workers, context) as pool:
            shards = [pool.submit(_shard, job, number, workers, threads, done) for number in range(workers)]
            try:
                for _ in _finished(shards):
                    if progress is not None:
                        progress(sum(done.values()), blocks)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for process in multiprocessing.active_children():
                    process.terminate()
                raise


def _finished(shards: list[Future[None]]) -> Iterator[None]:
    """Now and then until all have ended, and once more then."""
    waiting = set(shards)
    while waiting:
        ended, waiting = wait(waiting, timeout=_LOOK, return_when=FIRST_COMPLETED)
        for shard in ended:
            shard.result()
        yield


def _shard(job: Job, number: int, of: int, threads: int, done: Any) -> None:
    torch.set_num_threads(threads)

    def report(blocks: int, _of: int) -> None:
        done[number] = blocks

    sweep(job.loaded(), job.corpus, job.settings, out=job.out, shard=(number, of), progress=report)
