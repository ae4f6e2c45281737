"""The page's colour tables: even steps in OKLab, lightness that never turns back, and a neutral zero."""

import numpy as np
import pytest

from gemma2_workbench.figures.oklab import even_steps, from_oklab, to_oklab
from gemma2_workbench.figures.page_colours import page_lut


def test_oklab_and_back_is_the_same_colour():
    rgb = np.random.default_rng(0).integers(0, 256, (200, 3), np.uint8)
    np.testing.assert_array_equal(from_oklab(to_oklab(rgb)), rgb)
    # Of Ottosson's table: D65 white has lightness 1 and no hue.
    np.testing.assert_allclose(to_oklab(np.array([255, 255, 255])), [1, 0, 0], atol=1e-6)


def test_steps_are_even_and_keep_the_ends():
    table = even_steps(("#faf4ea", "#b5367a", "#05030f"), 64)
    assert bytes(table[0]).hex() == "faf4ea"
    assert bytes(table[-1]).hex() == "05030f"
    steps = np.linalg.norm(np.diff(to_oklab(table), axis=0), axis=1)
    assert steps.max() < 1.5 * steps.min()  # but for the rounding to whole bytes


@pytest.mark.parametrize("dark", [False, True])
def test_lightness_never_turns_back(dark: bool):
    lightness = to_oklab(page_lut("sequential", dark))[:, 0]
    assert (np.diff(lightness) * (1 if dark else -1) > 0).all()


@pytest.mark.parametrize("dark", [False, True])
def test_zero_of_a_difference_is_the_least_coloured(dark: bool):
    table = page_lut("diverging", dark)
    np.testing.assert_array_equal(table[127], table[128])
    lightness = to_oklab(table)[:, 0] * (-1 if dark else 1)
    assert lightness.argmax() in (127, 128), "the centre is the colour of the page: lightest, or darkest on a dark page"
