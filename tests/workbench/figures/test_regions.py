"""Outlines of masks: they enclose the True cells and nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gemma2_workbench.figures.regions import outlines

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans())


def windings(loops, shape):
    """How often the loops turn around the centre of each cell (a ray to the right, crossings counted with sign)."""
    turns = np.zeros(shape, int)
    y, x = np.indices(shape) + 0.5
    for loop in loops:
        for (x0, y0), (_, y1) in zip(loop[:-1], loop[1:], strict=True):
            crossed = (np.minimum(y0, y1) < y) & (y < np.maximum(y0, y1)) & (x < x0)
            turns += np.sign(y1 - y0) * crossed
    return turns


@given(MASKS)
def test_outlines_turn_once_around_every_true_cell(mask):
    loops = outlines(mask)
    assert np.array_equal(windings(loops, mask.shape), mask.astype(int))
    for loop in loops:
        assert np.array_equal(loop[0], loop[-1])
        # Every corner turns: straight stretches are one edge.
        assert (np.diff(loop, axis=0) != 0).sum(1).tolist() == [1] * (len(loop) - 1)


def test_known_shapes():
    assert outlines(np.zeros((3, 3), bool)) == []
    (square,) = outlines(np.ones((2, 3), bool))
    assert square.tolist() == [[0, 0], [3, 0], [3, 2], [0, 2], [0, 0]]
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    assert [len(loop) for loop in outlines(ring)] == [5, 5]
