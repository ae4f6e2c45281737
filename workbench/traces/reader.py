"""`Reader`: something that is read in one forward pass, and `read`, the one loop in which all of them read.

Letters: B texts of a batch, T tokens of the longest.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from gemma2_workbench.model.hooks import Hook, attached
from gemma2_workbench.models.parity.finite import check_finite
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces.block_hooks import BlockReader, block_hooks

Progress = Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class Batch:
    """Texts that go through the model together, padded on the right.

    Attributes:
        ids: token ids [B, T].
        lengths: how many of them are tokens of each text; what follows is padding.
        masked: whether padding is hidden; no need where no query sees what stands behind it.
    """

    ids: Tensor
    lengths: tuple[int, ...]
    masked: bool = True

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]], loaded: Source) -> "Batch":
        """The ids of some texts, on the device of the model.

        Raises:
            ValueError: there is no text, or one without tokens.
        """
        lengths = tuple(map(len, texts))
        if not lengths or min(lengths) < 1:
            raise ValueError("a batch needs at least one text, and every text at least one token")
        # Any id will do for padding, which is masked.
        rows = [[*ids, *[0] * (max(lengths) - len(ids))] for ids in texts]
        return cls(torch.tensor(rows, device=loaded.device), lengths)

    @property
    def keep(self) -> Tensor | None:
        """Attention mask [B, T], 1 for tokens and 0 for padding; None where there is none to hide."""
        T = self.ids.shape[1]
        if not self.masked or set(self.lengths) == {T}:
            return None
        lengths_B1 = torch.tensor(self.lengths, device=self.ids.device)[:, None]
        return (torch.arange(T, device=self.ids.device) < lengths_B1).long()


class Reader(Protocol):
    """Something that is read in one forward pass: attach its hooks, run the model once, take what was read."""

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """Hooks by the names of their hook points; several mappings where one point is read twice."""
        ...

    def reading(self) -> object:
        """What was read, on the CPU."""
        ...


@runtime_checkable
class LogitReader(Protocol):
    """A reader that needs the final logits, which otherwise are not computed."""

    @property
    def positions(self) -> tuple[int, ...]:
        """Where, from 0."""
        ...


@runtime_checkable
class CheckedReader(Protocol):
    """A reader of numbers that must be finite."""

    def finite(self) -> Sequence[Tensor]:
        """These numbers, after the pass."""
        ...


def read(loaded: Source, batch: Batch, readers: Sequence[Reader], progress: Progress | None = None) -> float:
    """Run a batch through the model once, with all readers attached; return the seconds it took.

    Args:
        loaded: the model, changed or not; its hooks are gone afterwards, after exceptions too.
        batch: the texts.
        readers: what is read; they keep it.
        progress: called with (layers done, layers) after each layer.

    Raises:
        NotFiniteError: the model computes NaN or infinity; says where first.
    """
    started = time.perf_counter()
    hooks = [mapping for reader in readers for mapping in reader.hooks()]
    takers = [reader for reader in readers if isinstance(reader, BlockReader)]
    if takers:
        hooks[:0] = block_hooks(loaded, batch.ids, batch.lengths, takers)
    if progress is not None:
        hooks.append(_reports(loaded, progress))
    positions = sorted({at for reader in readers if isinstance(reader, LogitReader) for at in reader.positions})
    with torch.no_grad(), loaded.lock, attached(loaded.model, *hooks):
        last_BTD = loaded.run(batch.ids, batch.keep, positions)
    seconds = time.perf_counter() - started
    numbers = [tensor for reader in readers if isinstance(reader, CheckedReader) for tensor in reader.finite()]
    with loaded.lock:
        # The whole model, head included: a reader may have used it at other positions.
        check_finite(loaded.model, partial(loaded.model, batch.ids, attention_mask=batch.keep), last_BTD, *numbers)
    return seconds


def _reports(loaded: Source, progress: Progress) -> dict[str, Hook]:
    """Hooks that report every finished layer."""
    layers = loaded.shape.layers

    def after(layer: int) -> Hook:
        return lambda _module, _args, _out: progress(layer + 1, layers) and None

    last = next((what for what in ("resid_post", "mlp_out") if what in loaded.points), None)
    return {} if last is None else {loaded.point(layer, last): after(layer) for layer in range(layers)}
