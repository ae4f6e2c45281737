"""`SweepReader`, what a sweep needs of a reader, and `stage_hooks`, which hand it every block of every layer."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook, Span
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.examples import Extremes
from gemma2_workbench.sweeps.readers.sums import BatchSums
from gemma2_workbench.traces.reader import Reader

# Takes one stage of a block of all texts, float32 [B, N, Q, S], and where it lies.
Take = Callable[[LayerInfo, Span, Tensor], None]


class SweepReader(Reader, Protocol):
    """Reads the statistics of a batch, and one row of each head for the largest and the smallest value of each."""

    def reading(self) -> BatchSums:
        """The statistics."""
        ...

    def extremes(self) -> Extremes:
        """The largest and smallest values of each text."""
        ...


def stage_hooks(loaded: Source, takers: Mapping[str, Take]) -> dict[str, Hook]:
    """Hooks that hand the stages of all layers with a softmax to those who take them, by the name of the stage."""

    def hook_of(info: LayerInfo, take: Take) -> Hook:
        def hook(_module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
            take(info, args[1], out.detach().float())

        return hook

    return {
        loaded.point(info.index, name): hook_of(info, take)
        for info in loaded.layers
        if info.softmax
        for name, take in takers.items()
    }
