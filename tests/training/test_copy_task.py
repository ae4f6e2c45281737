"""Copy sequences really repeat, and only what can be foretold is a target."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.copy_task import IGNORED, Material, gapped_row, repeated_row

MATERIAL = Material(natural=np.arange(1000, 2000, dtype=np.uint16), plain=np.arange(3000, 4000))


def smallest_period(ids: np.ndarray) -> int:
    return next(p for p in range(1, len(ids) + 1) if (ids[p:] == ids[:-p]).all())


@given(seed=st.integers(0, 10_000), length=st.sampled_from([32, 128, 256]))
def test_a_repeated_row_is_periodic_and_its_first_random_copy_is_no_target(seed, length):
    ids, labels = repeated_row(np.random.default_rng(seed), MATERIAL, length)
    period = smallest_period(ids)
    assert period <= length // 2
    assert (labels[period:] == ids[period:]).all()
    first = labels[:period]
    running_text = (np.diff(ids[:period]) == 1).all() and ids[0] < 2000
    assert (first == ids[:period]).all() if running_text else (first == IGNORED).all()


@given(seed=st.integers(0, 10_000))
def test_the_longest_segment_is_respected(seed):
    ids, _ = repeated_row(np.random.default_rng(seed), MATERIAL, 32, longest=15)
    assert smallest_period(ids) <= 15


@given(seed=st.integers(0, 10_000), length=st.sampled_from([128, 256]))
def test_a_gapped_row_holds_one_segment_twice(seed, length):
    ids, labels = gapped_row(np.random.default_rng(seed), MATERIAL, length)
    assert len(ids) == len(labels) == length
    fours = np.lib.stride_tricks.sliding_window_view(ids, 4)
    assert len(np.unique(fours, axis=0)) < len(fours)
    counted = labels != IGNORED
    assert (labels[counted] == ids[counted]).all()
    assert counted.sum() >= length // 2


@pytest.mark.parametrize("row", [repeated_row, gapped_row])
def test_the_same_seed_gives_the_same_row(row):
    one = row(np.random.default_rng(5), MATERIAL, 128)
    other = row(np.random.default_rng(5), MATERIAL, 128)
    assert (one[0] == other[0]).all()
    assert (one[1] == other[1]).all()
