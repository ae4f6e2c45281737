"""The compiled pass of a sweep gives the numbers of the one in torch."""

import numpy as np
import pytest

from gemma2_workbench import LoadedModel
from gemma2_workbench.sweeps.readers.compiled import CompiledReader, occurrences, suits
from gemma2_workbench.sweeps.readers.in_torch import TorchReader
from gemma2_workbench.traces.reader import Batch, read


def test_a_kernel_gives_the_numbers_of_torch(loaded: LoadedModel) -> None:
    pytest.importorskip("numba", reason="numba is not installed: pip install 'gemma2-workbench[fast]'")
    assert suits(loaded)
    chance = np.random.default_rng(0)
    batch = Batch.of([chance.integers(2, 40, length).tolist() for length in (200, 131, 40, 1)], loaded)
    readers = [kind(loaded, batch, [0, 30, 0, 0]) for kind in (TorchReader, CompiledReader)]
    for reader in readers:
        read(loaded, batch, [reader])
    ours, theirs = (reader.reading() for reader in readers)
    np.testing.assert_array_equal(ours.queries[0], theirs.queries[0])
    np.testing.assert_allclose(ours.queries, theirs.queries, rtol=2e-5, atol=1e-4)
    np.testing.assert_allclose(ours.texts, theirs.texts, rtol=2e-5, atol=1e-6)
    np.testing.assert_array_equal(ours.bins.sum(-1), theirs.bins.sum(-1))
    assert np.abs(ours.bins - theirs.bins).sum() < 1e-4 * ours.bins.sum()
    ours, theirs = (reader.extremes() for reader in readers)
    np.testing.assert_allclose(ours.value, theirs.value, rtol=1e-4, atol=2e-6)
    same = (ours.query == theirs.query) & (ours.peak == theirs.peak)
    assert same.mean() > 0.999
    np.testing.assert_allclose(ours.row[same], theirs.row[same], atol=1e-6)


def test_where_a_token_stood_before() -> None:
    before, first = occurrences(np.array([[5, 7, 5, 5, 7]]))
    assert (before.tolist(), first.tolist()) == ([[-1, -1, 0, 2, 1]], [[0, 1, 0, 0, 1]])
