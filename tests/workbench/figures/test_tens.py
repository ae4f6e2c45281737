"""Powers of ten in grids of heads: a dark cell never reads 0.00."""

import numpy as np
import pytest

from gemma2_workbench.figures.spec import HeadGrid, Panels, Scale
from gemma2_workbench.figures.tens import in_tens
from gemma2_workbench.figures.ticks import cell_text


def grid(high, label="KL, mean (nats)"):
    values = high * np.array([[0.2, 1.0], [np.nan, 0.05]])
    return HeadGrid(values, ("local", "global"), 1, Scale("sequential", 0, high, label), text=True)


@pytest.mark.parametrize(("high", "name"), [(1.25e-4, "10⁻⁴"), (0.06, "10⁻²"), (3e7, "10⁷")])
def test_small_and_large_numbers_come_in_tens_named_before_the_unit(high, name):
    spec = in_tens(grid(high))
    assert spec.scale.label == f"KL, mean ({name} nats)"
    assert in_tens(grid(high, "bend")).scale.label == f"bend ({name})"
    assert 1 <= spec.scale.high < 10
    assert np.allclose(spec.values / spec.scale.high, grid(high).values / high, equal_nan=True)
    assert [cell_text(v) for v in spec.values.ravel()[:2]] == [f"{m * spec.scale.high:.2f}" for m in (0.2, 1)]


def test_no_cell_above_a_tenth_of_the_scale_reads_zero():
    for high in np.geomspace(1e-9, 1e9, 37):
        spec = in_tens(grid(high))
        shown = [cell_text(share * spec.scale.high) for share in (0.11, 0.5, 1)]
        assert "0.00" not in shown, high


def test_ordinary_numbers_and_other_pictures_stay(samples):
    assert in_tens(grid(0.5)).scale.high == 0.5
    assert in_tens(samples["map-3"]) is samples["map-3"]
    one, two = in_tens(Panels((grid(1e-3), grid(1e-3)), 2)).figures
    assert one.scale == two.scale
