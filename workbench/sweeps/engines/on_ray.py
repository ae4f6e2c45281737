"""Blocks on a Ray cluster: Ray Data's `map_batches` over a class, so that an actor loads its model once."""

import signal
import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from gemma2_workbench.sweeps.engines.job import Job
from gemma2_workbench.sweeps.identity import Identity
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.store import Store
from gemma2_workbench.sweeps.texts.blocks import Document, all_blocks
from gemma2_workbench.sweeps.work import work


class Worker:
    """An actor: the model, and the blocks that are sent to it.

    Args:
        job: what is swept.
        identity: of it, so that no actor reads the corpus first.
    """

    def __init__(self, job: Job, identity: Identity) -> None:
        self._job, self._identity = job, identity
        self._loaded = job.opened()
        self._next, self._blocks = 0, self._all()

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, Any]:
        """The partials of some blocks, as bytes."""
        settings = self._job.settings
        blocks = ((number, self._block(number)) for number in batch["block"].tolist())
        return {"partial": [work(self._loaded, self._identity, settings, *each).as_bytes() for each in blocks]}

    def _all(self) -> Iterator[tuple[int, list[Document]]]:
        return all_blocks(self._job.corpus.documents(), self._job.settings.block)

    def _block(self, number: int) -> list[Document]:
        """The texts of a block. They come in order but for those that are run again: the corpus is read once."""
        if number < self._next:
            self._next, self._blocks = 0, self._all()
        for at, block in self._blocks:
            self._next = at + 1
            if at == number:
                return block
        raise ValueError(f"the corpus changed: it has no block {number} any more")


def run(
    job: Job, workers: int, gpus_per_worker: float = 0, progress: Callable[[int, int], object] | None = None
) -> None:
    """Run a sweep on the cluster that `ray.init` finds, or on this machine; its part lies in the folder of the job.

    Args:
        job: what to run; all machines must see the corpus and the model under the same names.
        workers: actors.
        gpus_per_worker: of each, a share too.
        progress: called with (blocks done, blocks).

    Raises:
        ImportError: ray is not installed.
        ValueError, OSError: as `sweep`; or Ray does not start.
        RuntimeError: an actor failed, or died.
    """
    ray, data = _imported()
    identity = Identity.of(job.loaded(), job.corpus, job.settings)
    store = Store(job.out, identity, (0, 1))
    blocks = identity.blocks
    missing = sorted(set(range(blocks)) - store.found.blocks)
    if not missing:
        return
    _start(ray)
    data.DataContext.get_current().enable_progress_bars = False  # beside `progress`
    # One block a batch: an answer is kept as soon as it is there.
    parts = data.from_items([{"block": number} for number in missing], override_num_blocks=len(missing)).map_batches(
        Worker,
        fn_constructor_args=(job, identity),
        batch_size=1,
        compute=data.ActorPoolStrategy(size=workers),
        num_gpus=gpus_per_worker or None,
    )
    try:
        with store.writing():
            for row in parts.iter_rows():
                store.add(Partial.from_bytes(row["partial"]))
                if progress is not None:
                    progress(len(store.found.blocks), blocks)
    except ray.exceptions.RayError as error:
        raise RuntimeError(_ended(str(error), job.out)) from None


def _ended(said: str, out: Path) -> str:
    """Why Ray gave up, in one sentence: of a traceback the last line, which is what an actor raised; else the first."""
    lines = said.strip().splitlines() or ["it does not say why"]
    reason = lines[-1 if "Traceback" in said or "creation task" in lines[0] else 0].strip()
    return (
        f"Ray ended the work: {reason}; what was done is kept in {out}, and the same command goes on from there. Ray's "
        "logs, as in /tmp/ray/session_latest/logs, say more: an actor that dies while it starts had too little memory "
        "for a model of its own, or its node was stopped"
    )


def _imported() -> tuple[Any, Any]:
    """`ray` and `ray.data`.

    Raises:
        ImportError: ray is not installed.
    """
    try:
        return import_module("ray"), import_module("ray.data")
    except ImportError:
        raise ImportError("--engine ray needs the package ray: pip install 'gemma2-workbench[ray]'") from None


def _start(ray: Any) -> None:
    """Join the cluster that RAY_ADDRESS names, or start one on this machine.

    Raises:
        OSError: none answers, or none starts.
    """
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(ignore_reinit_error=True, logging_level="warning")
    except Exception as error:  # Ray raises bare ones
        raise OSError(f"Ray does not start: {error}; see `ray status`, or name a cluster in RAY_ADDRESS") from None
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)  # Ray's own would lose what was not written yet
