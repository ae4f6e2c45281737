"""The statistics of a sweep in one pass: by a compiled kernel where it gives the numbers, in torch else."""

from collections.abc import Sequence

from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.readers.compiled import CompiledReader, suits
from gemma2_workbench.sweeps.readers.in_torch import TorchReader
from gemma2_workbench.sweeps.readers.stages import SweepReader
from gemma2_workbench.traces.reader import Batch


def computed_by(loaded: Source) -> str:
    """What makes the numbers of a model, and on which kind of device; others give others in the last bits."""
    return f"{'numba' if suits(loaded) else 'torch'} on {loaded.device.partition(':')[0]}"


def sweep_reader(loaded: Source, batch: Batch, since: Sequence[int]) -> SweepReader:
    """A reader of a batch; see `SweepReader`.

    Args:
        loaded: the model as it is run.
        batch: the texts; of one length where a query sees the keys behind it, among which padding would be.
        since: the first query of each text that counts.
    """
    return (CompiledReader if suits(loaded) else TorchReader)(loaded, batch, since)
