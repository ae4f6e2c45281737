"""`Effect`: proof that a change did something in a run: how many numbers differ, and by how much at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.interventions.applied import applied
from gemma2_workbench.traces.interventions.intervention import Intervention
from gemma2_workbench.traces.reader import Batch, read
from gemma2_workbench.traces.readers.residual import residual_hooks


@dataclass(frozen=True)
class Effect:
    """What one change did to the last residual stream and the prediction after the text.

    Attributes:
        changed: how many of these numbers differ from those without the change.
        of: how many numbers there are.
        largest: largest absolute difference.
    """

    changed: int
    of: int
    largest: float

    @property
    def sentence(self) -> str:
        """The effect in words."""
        if not self.changed:
            return "changes nothing in this text"
        return f"changes {self.changed:,} of {self.of:,} outputs by at most {self.largest:.3g}"


class OutputsReader:
    """Reads what a change is measured by: the residual stream after the last layer and the last prediction."""

    def __init__(self, loaded: Source, tokens: int) -> None:
        self._loaded = loaded
        self.positions = (tokens - 1,) if loaded.unembedding is not None else ()
        self._kept: list[Tensor] = []

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""
        after = {"capped_logits": self._keep} if self.positions else {}
        # A model without one stream is measured by its prediction alone.
        stream = residual_hooks(self._loaded, self._read) if "resid_pre" in self._loaded.points else {}
        return stream, after

    def reading(self) -> Tensor:
        """All numbers, float32 on the CPU."""
        return torch.cat([part.flatten().float().cpu() for part in self._kept])

    def _read(self, row: int, resid_TD: Tensor) -> None:
        if row == self._loaded.shape.layers:
            self._kept.append(resid_TD)

    def _keep(self, _module: nn.Module, _args: object, out: Tensor) -> None:
        self._kept.append(out[0])


def effects(loaded: Source, ids: Sequence[int], changes: Sequence[Intervention], outputs: Tensor) -> tuple[Effect, ...]:
    """What each change adds to those before it; a plain pass for each.

    Args:
        loaded: the model as it is.
        ids: the text.
        changes: in order.
        outputs: what `OutputsReader` read with all changes.
    """
    before = [_outputs(loaded, ids, changes[:count]) for count in range(len(changes))]
    return tuple(_effect(*pair) for pair in pairwise([*before, outputs]))


def _outputs(loaded: Source, ids: Sequence[int], changes: Sequence[Intervention]) -> Tensor:
    with applied(loaded, changes) as changed:
        reader = OutputsReader(changed, len(ids))
        read(changed, Batch.of([ids], changed), [reader])
    return reader.reading()


def _effect(before: Tensor, after: Tensor) -> Effect:
    apart = (after - before).abs()
    return Effect(int((apart != 0).sum()), apart.numel(), float(apart.max()))
