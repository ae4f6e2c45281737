"""Several processes training one model, each on its own share of every batch.

On a machine that is busy with other work this beats threads: processes meet once per step, threads
at every operation, where all wait for the one that was put aside.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn

from training.state import Progress


class DataParallel:
    """One process among equals: synchronous data parallelism over gloo.

    Args:
        rank: which process this is; 0 keeps the clock, measures and saves.
        size: how many there are.
    """

    def __init__(self, rank: int = 0, size: int = 1):
        self.rank = rank
        self.size = size

    def average(self, weights: list[Tensor]) -> None:
        """Replaces every gradient by its mean over the processes."""
        if self.size == 1:
            return
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        parts = (flat / self.size).split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def agree(self, progress: Progress) -> None:
        """Takes the clock and the phase from process 0, so that all follow one schedule."""
        if self.size == 1:
            return
        agreed = torch.tensor([progress.seconds, *progress.ended, -1.0, -1.0][:3], dtype=torch.float64)
        distributed.broadcast(agreed, src=0)
        progress.seconds = agreed[0].item()
        progress.ended = [ended for ended in agreed[1:].tolist() if ended >= 0]


def _enter(rank: int, size: int, meeting: str, work: Callable, argument: object) -> None:
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=size)
    work(DataParallel(rank, size), argument)
    distributed.destroy_process_group()


def run_parallel(size: int, work: Callable[[DataParallel, Any], None], argument: object) -> None:
    """Runs `work(group, argument)` in `size` processes; in this one if `size` is 1."""
    if size == 1:
        work(DataParallel(), argument)
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        spawn(_enter, args=(size, meeting, work, argument), nprocs=size)
