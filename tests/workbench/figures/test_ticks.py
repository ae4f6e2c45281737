"""Ticks and the text of numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemma2_workbench.figures.ticks import cell_text, log_ticks, padded, power_ticks, round_ticks, tick_text

ENDS = st.floats(-1e6, 1e6)


@given(ENDS, st.floats(1e-3, 1e6))
def test_ticks_are_few_round_and_inside(low, size):
    high = low + size
    ticks = round_ticks(low, high)
    steps = np.diff(ticks)
    assert 3 <= len(ticks) <= 7
    assert (ticks >= low - 1e-6 * size).all()
    assert (ticks <= high + 1e-6 * size).all()
    assert np.allclose(steps, steps[0])
    assert np.isclose(float(f"{steps[0]:.2g}"), steps[0])


def test_ticks_of_known_ranges():
    assert round_ticks(0, 1).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert round_ticks(-50, 50).tolist() == [-50, -25, 0, 25, 50]
    assert power_ticks(0, 1, 0.5).tolist() == [0, 0.06, 0.2, 0.6, 1]
    assert power_ticks(0, 5.007, 0.5) == pytest.approx([0, 0.3, 1, 3, 5])
    assert round_ticks(1, 13).tolist() == [2.5, 5, 7.5, 10, 12.5]
    assert log_ticks(64, 4096).tolist() == [100, 200, 500, 1000, 2000]
    assert log_ticks(0.02, 30).tolist() == [0.1, 1, 10]
    with pytest.raises(ValueError, match="low < high"):
        round_ticks(1, 1)


def test_numbers_as_text():
    assert [tick_text(v) for v in (0.0, -0.0, -2.5, 1000, 1.25e-4)] == ["0", "0", "−2.5", "1000", "1.25e−4"]
    given = (0.123, -0.001, 9.996, -12.34, 123.4, 1e6)
    assert [cell_text(v) for v in given] == ["0.12", "0.00", "10.0", "−12.3", "123", "1e+06"]


def test_an_axis_range_is_never_empty():
    assert padded(np.array([np.nan])) == pytest.approx((-0.05, 1.05))
    assert padded(np.array([2.0]), 2.0) == (1.5, 2.5)
    assert padded(np.array([0, 10]), 20.0) == (-1, 21)
