"""Colours: one table for both renderers, readable in grey, with ink that contrasts."""

import numpy as np
import pytest

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.spec import NO_VALUE, Scale

REASONS = (1, 2, 3, 4, NO_VALUE)


def luminance(rgb):
    linear = (np.asarray(rgb) / 255) ** 2.2
    return linear @ (0.2126, 0.7152, 0.0722)


@pytest.mark.parametrize("dark", [False, True])
def test_sequential_runs_one_way_in_grey_and_starts_at_the_page(dark):
    grey = luminance(colours.lut("sequential", dark))
    steps = np.diff(grey)
    assert (steps >= 0).all() if dark else (steps <= 0).all()
    page = luminance(colours.rgb(colours.theme(dark).page))
    assert abs(grey[0] - page) < abs(grey[-1] - page)


def test_diverging_runs_from_light_to_dark_on_both_sides():
    grey = luminance(colours.lut("diverging"))
    middle = int(grey.argmax())
    assert abs(middle - 127.5) < 3
    assert (np.diff(grey[: middle + 1]) >= -1e-3).all()
    assert (np.diff(grey[middle:]) <= 1e-3).all()


@pytest.mark.parametrize("kind", ["sequential", "diverging", "categorical"])
def test_ink_contrasts_with_every_colour(kind):
    for fill in colours.lut(kind):
        ink, ground = luminance(colours.rgb(colours.ink_on(fill))), luminance(fill)
        assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) > 4.5


def test_tables_are_256_colours_that_nobody_can_change():
    table = colours.lut("diverging")
    assert (table.shape, table.dtype) == ((256, 3), np.uint8)
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0


@pytest.mark.parametrize("dark", [False, True])
def test_every_reason_differs_in_fill_and_in_pattern(dark):
    looks = [colours.hidden(reason, dark) for reason in REASONS]
    for field in ("name", "fill", "line", "pattern", "hatch"):
        assert len({getattr(look, field) for look in looks}) == len(REASONS)


@pytest.mark.parametrize(
    "scale",
    [
        Scale("sequential", 0, 1, "p", power=0.5),
        Scale("sequential", -3, 7, "x"),
        Scale("diverging", -2, 2, "d"),
        Scale("categorical", 0, 9, "c"),
    ],
)
def test_plotly_and_paint_agree(scale):
    stops = colours.plotly_colorscale(scale)
    assert (stops[0][0], stops[-1][0]) == (0, 1)
    for position, colour in stops[1:-1:2]:
        if scale.kind == "categorical":
            value = np.ceil(scale.low + position * scale.categories - 1e-9) - 1 if position else scale.low
            continue
        value = scale.low + position * (scale.high - scale.low)
        assert colours.hex_of(colours.paint(scale, np.array(value))) == colour


def test_categories_have_the_series_colours_in_bands():
    scale = Scale("categorical", 3, 5, "c")
    stops = colours.plotly_colorscale(scale)
    bands = [(stops[i][0], stops[i + 1][0], stops[i][1]) for i in range(0, 6, 2)]
    painted = [colours.hex_of(colours.paint(scale, np.array(v))) for v in (3, 4, 5)]
    assert [colour for *_, colour in bands] == painted == [c.lower() for c in colours.SERIES[:3]]
    assert np.allclose([band[:2] for band in bands], [(0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1)])


def test_missing_values_take_the_empty_cell():
    painted = colours.paint(Scale("sequential", 0, 1, "p"), np.array([np.nan, 0]))
    assert colours.hex_of(painted[0]) == colours.hidden(NO_VALUE).fill
    assert np.array_equal(painted[1], colours.lut("sequential")[0])
