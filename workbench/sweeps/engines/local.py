"""Shards in processes of this machine."""

import gc
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import NoReturn

import torch

from gemma2_workbench.starting import Stopped, exit_code
from gemma2_workbench.sweeps.engines.job import Job
from gemma2_workbench.sweeps.sweep import sweep

# Seconds that workers have to write what they did: Slurm kills 30 s after SIGTERM, `docker stop` 10 s after it.
_PATIENCE = 8.0
Workers = dict[Connection, SpawnProcess]


def run(job: Job, workers: int, progress: Callable[[int, int], object] | None = None) -> None:
    """Run a sweep in several processes, each with a model of its own; the parts lie in the folder of the job.

    Threads are shared out among them. However this ends, the workers write what they did and end too.

    Args:
        job: what to run.
        workers: how many processes.
        progress: called with (blocks done, blocks).

    Raises:
        RuntimeError: a worker was killed.
        Exception: what a worker raised.
    """
    blocks = job.corpus.outline(job.settings.block).blocks
    threads = max(1, torch.get_num_threads() // workers)
    started: Workers = {}
    try:
        with _ctrl_c_is_ours():
            for number in range(workers):
                _start(started, job, (number, workers), threads)
        for done in _followed(dict(started)):
            if progress is not None:
                progress(done, blocks)
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            process.join(_PATIENCE)
            process.kill()


@contextmanager
def _ctrl_c_is_ours() -> Iterator[None]:
    """Ctrl-c goes to all processes of a terminal: what is started here does not hear it, and is told by this one."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(started: Workers, job: Job, shard: tuple[int, int], threads: int) -> None:
    """Start a worker, and add it."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe(duplex=False)
    process = context.Process(target=_shard, args=(job, shard, threads, its), daemon=True)
    process.start()
    its.close()
    started[ours] = process


def _followed(workers: Workers) -> Iterator[int]:
    """How many blocks all have done, whenever one tells, until all have ended.

    Raises:
        RuntimeError: a worker was killed.
        Exception: what a worker raised.
    """
    done = dict.fromkeys(workers, 0)
    while workers:
        for pipe in wait(list(workers)):
            assert isinstance(pipe, Connection)
            try:
                told = pipe.recv()
            except EOFError:
                _check_ended(workers.pop(pipe))
                continue
            if isinstance(told, Exception):
                raise told
            done[pipe] = told
        yield sum(done.values())


def _check_ended(process: SpawnProcess) -> None:
    process.join()
    if process.exitcode:
        how = f"by signal {-process.exitcode}" if process.exitcode < 0 else f"with exit code {process.exitcode}"
        raise RuntimeError(
            f"a worker was ended {how}, most often for want of memory: the same command goes on from what was kept; "
            "take fewer --workers in a new folder"
        )


def _shard(job: Job, shard: tuple[int, int], threads: int, pipe: Connection) -> None:
    """Run a shard in a worker, and tell how many blocks are done, or what is wrong."""
    signal.signal(signal.SIGTERM, _stop)
    torch.set_num_threads(threads)
    try:
        sweep(
            job.opened(), job.corpus, job.settings, out=job.out, shard=shard, progress=lambda done, _of: pipe.send(done)
        )
    except Stopped as stop:
        sys.exit(exit_code(stop.number))
    except Exception as error:
        # Who started this one may be gone, and then it ends too.
        with suppress(BrokenPipeError):
            pipe.send(error)
    finally:
        # The process ends: to look for garbage among all that torch loaded would take it 8 seconds.
        gc.freeze()


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # to be told twice takes nothing from what is being written
    raise Stopped(number=number)
