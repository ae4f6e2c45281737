"""Estimates are made of pieces that are timed; here each piece takes a second, so that no machine matters."""

import sys
from collections.abc import Callable
from importlib.util import find_spec

import pytest

from gemma2_workbench import LoadedModel, estimate, load
from gemma2_workbench.model.hooks import catalogue
from gemma2_workbench.models.parity import statement as parity
from gemma2_workbench.traces import pilot
from gemma2_workbench.traces.estimate import COMPILER_BYTES, Estimate, check_memory, peak_bytes


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every piece is run once and takes a second."""

    def timed(piece: Callable[[], object]) -> float:
        piece()
        return 1.0

    monkeypatch.setattr(pilot, "_timed", timed)


@pytest.mark.usefixtures("counted")
def test_the_pieces_of_a_capture_add_up() -> None:
    loaded = load()
    layers, blocks = 6, 1000 / 128
    assert estimate(loaded, 1000, parity=False).seconds == pytest.approx(layers * blocks)
    assert estimate(loaded, 100, parity=False).seconds == layers
    # The reference is built, and both models run their layers and their head.
    assert estimate(loaded, 1000).seconds == pytest.approx(layers * blocks + 1 + 2 * (layers + 1))
    parity.proved(loaded, 1000)
    assert estimate(loaded, 1000).seconds == pytest.approx(layers * blocks)
    assert estimate(loaded, 100, parity="full").seconds == layers + 1 + 2 * (layers + 1)
    # One pass names the last token; seven rows of all positions are unembedded, 2,048 states at once.
    lens = estimate(loaded, 1000, parity=False, lens=True).seconds
    assert lens == pytest.approx(2 * layers * blocks + (layers + 1) * 1000 / 2048)
    assert not any(module._forward_hooks for module in catalogue(loaded.model).values())


@pytest.mark.usefixtures("counted")
def test_a_classifier_that_sees_both_sides_is_estimated_too() -> None:
    assert estimate(load("tiny-ner"), 300).seconds > 0


def test_what_takes_less_than_a_second_is_not_said_to_take_none() -> None:
    assert Estimate(5, 10**6, 2 * 10**6, 0.2).sentence.startswith("5 tokens: under a second, 1 MB kept, 2 MB at the")
    assert "about 11 s" in Estimate(5, 0, 0, 10.9).sentence


def test_memory_counts_the_compiler_until_it_is_there(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", sys)
    there = [peak_bytes(loaded, tokens) for tokens in (200, 2000)]
    monkeypatch.delitem(sys.modules, "numba")
    more = COMPILER_BYTES if find_spec("numba") else 0
    assert [peak_bytes(loaded, tokens) for tokens in (200, 2000)] == [there[0], there[1] + more]


def test_memory_counts_the_comparison_the_lens_and_what_goes_to_files(loaded: LoadedModel) -> None:
    plain = peak_bytes(loaded, 2000, parity=False)
    assert peak_bytes(loaded, 2000, parity=False, lens=True) > plain > peak_bytes(loaded, 1000, parity=False)
    assert peak_bytes(loaded, 2000, parity=False, budget_bytes=0) < plain
    vocabulary = loaded.model.lm_head.out_features
    assert peak_bytes(loaded, 64) > 2 * 128 * vocabulary * 4 > peak_bytes(loaded, 64, parity=False)
    assert peak_bytes(loaded, 2000, parity="full") > 2 * 36 * 2000**2 * 4


def test_too_little_memory_is_refused_with_numbers(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[check_memory.__module__], "available_bytes", lambda: 10**6)
    with pytest.raises(MemoryError, match=r"needs about 0\.[12] GB beside the weights, and 0.0 GB are free"):
        check_memory(loaded, 2000, 128)
