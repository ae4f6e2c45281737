"""`StagesReader`: hands every block of every layer to a reader of a sweep, all texts and all stages at once."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook, Span
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.examples import Extremes
from gemma2_workbench.sweeps.readers.sums import BatchSums


class StagesReader(ABC):
    """Reads the statistics of a batch, and one row of each head for the largest and the smallest value of each.

    Args:
        loaded: the model as it is run.
    """

    def __init__(self, loaded: Source) -> None:
        self._loaded = loaded

    @abstractmethod
    def reading(self) -> BatchSums:
        """The statistics."""

    @abstractmethod
    def extremes(self) -> Extremes:
        """The largest and smallest values of each text."""

    @abstractmethod
    def _take(self, info: LayerInfo, span: Span, logits: Tensor, scores: Tensor, probs: Tensor) -> None:
        """Reduce one block of all texts; the stages are float32 [B, N, Q, S]."""

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        stages: dict[str, Tensor] = {}

        def keep(name: str) -> Hook:
            def hook(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> None:
                stages[name] = out

            return hook

        def take(info: LayerInfo) -> Hook:
            def hook(_module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
                whole = (stages.pop("attn_logits"), stages.pop("attn_scores"), out)
                self._take(info, args[1], *(each.detach().float() for each in whole))

            return hook

        found: dict[str, Hook] = {}
        for info in self._loaded.layers:
            if info.softmax:
                found |= {self._loaded.point(info.index, name): keep(name) for name in ("attn_logits", "attn_scores")}
                found[self._loaded.point(info.index, "attn_probs")] = take(info)
        return (found,)
