"""`Job`: what a worker in another process needs to do its share of a sweep."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gemma2_workbench.models.loading import load
from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.corpus import Texts
from gemma2_workbench.sweeps.settings import SweepSettings


@dataclass(frozen=True)
class Job:
    """A sweep that can be sent to another process.

    Attributes:
        model, dtype, device: see `load`.
        corpus, settings: see `sweep`.
        out: the folder of the sweep.
        prepare: called first in every other process that works for it.
    """

    model: str
    dtype: str | None
    device: str | None
    corpus: Texts
    settings: SweepSettings
    out: Path
    prepare: Callable[[], object] | None = None

    def opened(self) -> Source:
        """The model in another process; errors as of `load`."""
        if self.prepare is not None:
            self.prepare()
        return self.loaded()

    def loaded(self) -> Source:
        """The model; errors as of `load`."""
        return load(self.model, dtype=self.dtype, device=self.device)
