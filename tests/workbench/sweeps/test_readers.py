"""The compiled pass of a sweep gives the numbers of the one in torch."""

from collections.abc import Iterator

import numpy as np
import pytest

from gemma2_workbench import LoadedModel
from gemma2_workbench.sweeps.corpus import Corpus
from gemma2_workbench.sweeps.identity import Identity
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.readers import compiled
from gemma2_workbench.sweeps.readers.compiled import CompiledReader, occurrences, suits
from gemma2_workbench.sweeps.readers.in_torch import TorchReader
from gemma2_workbench.sweeps.sets import HELD_OUT
from gemma2_workbench.sweeps.settings import SweepSettings
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


@pytest.fixture
def untried() -> Iterator[None]:
    compiled._is_there.cache_clear()
    yield
    compiled._is_there.cache_clear()


def test_parts_of_numba_and_of_torch_are_not_put_together(
    loaded: LoadedModel, untried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says that numba does not compile; the numbers of torch are other ones in the last bits."""
    pytest.importorskip("numba", reason="numba is not installed: pip install 'gemma2-workbench[fast]'")
    corpus, settings = Corpus.of([HELD_OUT]), SweepSettings()
    by_numba = Partial.empty(Identity.of(loaded, corpus, settings))
    compiled._is_there.cache_clear()

    def broken() -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(compiled, "_kernel", broken)
    with pytest.warns(UserWarning, match=r"numba cannot compile the fast pass \(no compiler\); torch takes its place"):
        assert not suits(loaded)
    by_torch = Partial.empty(Identity.of(loaded, corpus, settings))
    with pytest.raises(ValueError, match="computed by numba on cpu and by torch on cpu; run all parts on machines of"):
        by_numba.join(by_torch)
