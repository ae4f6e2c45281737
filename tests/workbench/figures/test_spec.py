"""Specifications check what they are given and cannot be changed afterwards."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.spec import (
    NO_VALUE,
    Bars,
    Curve,
    Guide,
    HeadGrid,
    Histogram,
    Panels,
    Scale,
    Scatter,
    Series,
    TokenLinks,
    TokenMap,
    TokenStrip,
)
from gemma2_workbench.model import Reason

SCALE = Scale("sequential", 0, 1, "p")


def wrong(value) -> Any:
    """A value that the type checker would not let through."""
    return value


def token_map(**changes):
    given = {"values": np.eye(2), "reasons": None, "rows": ("a", "b"), "columns": ("a", "b"), "scale": SCALE}
    return TokenMap(**(given | changes))


def grid(**changes):
    return HeadGrid(**({"values": np.eye(2), "kinds": ("local", "global"), "group": 1, "scale": SCALE} | changes))


def links(**changes):
    given = {"weights": np.eye(2)[None], "heads": ("h",), "rows": ("a", "b"), "columns": ("a", "b"), "label": "p"}
    return TokenLinks(**(given | changes))


MISTAKES = {
    "one axis": (lambda: token_map(values=np.ones(3)), r"shape \[rows, columns\].*got \(3,\)"),
    "empty": (lambda: token_map(values=np.ones((0, 2))), r"not empty; got \(0, 2\)"),
    "words": (lambda: token_map(values=np.array([["a"]])), "must hold numbers; got dtype <U1"),
    "infinity": (lambda: token_map(values=np.full((2, 2), -np.inf)), "use NaN"),
    "too few rows": (lambda: token_map(rows=("a",)), "rows must hold 2 labels.*got 1"),
    "a string as rows": (lambda: token_map(rows="ab"), "sequence of strings; got the string 'ab'"),
    "numbers as columns": (lambda: token_map(columns=(1, 2)), "must hold strings; got 1"),
    "start": (lambda: token_map(row_start=-1), "row_start must be a position.*got -1"),
    "reasons' shape": (lambda: token_map(reasons=np.zeros((1, 2), int)), r"integers of shape \(2, 2\)"),
    "reasons' codes": (lambda: token_map(reasons=np.full((2, 2), 9)), "codes 0..8; got 9..9"),
    "group": (lambda: grid(group=3), "must divide the 2 heads; got 3"),
    "links' shape": (lambda: links(weights=np.eye(2)), r"shape \[heads, rows, columns\].*got \(2, 2\)"),
    "links' heads": (lambda: links(heads=("h", "i")), "heads must hold 1 labels"),
    "links' looks": (lambda: links(looks=(1, 2)), "looks must hold 1 numbers.*got 2"),
    "links below zero": (lambda: links(weights=-np.ones((1, 2, 2))), r"between 0 and 1.*got -1\.\.-1"),
    "links' threshold": (lambda: links(threshold=np.nan), "threshold must lie between 0 and 1; got nan"),
    "links of many": (
        lambda: links(weights=np.ones((1, 65, 2)), rows=("a",) * 65),
        r"at most 64 tokens in a column; these are 65: show a part of them \(positions=0:64\)",
    ),
    "series": (lambda: Series("s", np.ones(2), np.ones(3)), "one length; got 2 and 3"),
    "log of 0": (lambda: Curve((Series("a", np.ones(1), np.zeros(1)),), "x", "y", logarithmic=True), "above 0"),
    "no series": (lambda: Curve((), "x", "y"), "at least one Series"),
    "guide": (lambda: Guide(wrong("z"), 0, ""), "one of x, y; got 'z'"),
    "guide nowhere": (lambda: Guide("x", np.nan, ""), "finite number; got nan"),
    "scatter": (lambda: Scatter(np.ones(2), np.ones(3), "x", "y"), "one length; got 2 and 3"),
    "scatter's size": (lambda: Scatter(np.ones(2), np.ones(2), "x", "y", size=-np.ones(2)), "2 numbers from 0"),
    "scatter's labels": (lambda: Scatter(np.ones(2), np.ones(2), "x", "y", labels=("a",)), "2 labels"),
    "bars": (lambda: Bars(("a",), np.ones(2), "n"), "names must hold 2 labels"),
    "bars' ends": (lambda: Bars(("a",), np.ones(1), "n", low=np.full(1, 2), high=np.full(1, 3)), "between them"),
    "histogram": (lambda: Histogram(np.ones(3), np.ones(2), "x", "y"), "3 ascending numbers"),
    "mark": (lambda: TokenStrip(("a",), np.ones(1), SCALE, mark=1), "one of its 1 tokens"),
    "strip": (lambda: TokenStrip(("a",), np.ones(2), SCALE), "tokens must hold 2 labels"),
    "no panels": (lambda: Panels((), 1), "got 0 figures"),
    "panels in panels": (lambda: Panels(wrong((Panels((token_map(),), 1),)), 1), "got Panels"),
    "kind": (lambda: Scale(wrong("rainbow"), 0, 1, "p"), "sequential, diverging, categorical; got 'rainbow'"),
    "order": (lambda: Scale("sequential", 1, 1, "p"), "low < high; got low=1, high=1"),
    "ends": (lambda: Scale("sequential", 0, np.nan, "p"), "finite ends"),
    "lopsided": (lambda: Scale("diverging", -1, 2, "p"), "low == -high; got -1, 2"),
    "power": (lambda: Scale("sequential", 0, 1, "p", power=0), r"in \(0, 1\].*got 0"),
    "power of signs": (lambda: Scale("diverging", -1, 1, "p", power=0.5), "1 unless sequential; got 0.5"),
    "half a category": (lambda: Scale("categorical", 0, 1.5, "p"), "whole ends"),
    "category names": (lambda: Scale("categorical", 0, 1, "p", names=("a",)), "names must hold 2 labels"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(mistake):
    make, message = MISTAKES[mistake]
    with pytest.raises(ValueError, match=message):
        make()


def test_arrays_and_fields_cannot_be_changed():
    given = np.eye(2)
    spec = token_map(values=given)
    given[0, 0] = 7
    assert spec.values[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        spec.values[0, 0] = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        wrong(spec).title = "other"


def test_hidden_cells_keep_their_reason_and_values_stay_visible():
    values = np.array([[1, np.nan], [np.nan, 0.5]])
    spec = token_map(values=values, reasons=np.array([[0, 1], [0, 2]]))
    # A value is drawn even where the mask would hide it (scores before the mask), NaN without a reason says so.
    assert spec.hidden().tolist() == [[0, 1], [NO_VALUE, 0]]


def test_the_strongest_links_from_the_threshold_on_are_drawn_weakest_first():
    weights = np.array([[[0.2, np.nan], [0.7, 0.3]], [[0.0, 0.1], [0.25, np.nan]]])
    spec = links(weights=weights, heads=("h", "i"), threshold=0.2)
    found = spec.links()
    drawn = zip(found.heads.tolist(), found.rows.tolist(), found.columns.tolist(), strict=True)
    assert list(drawn) == [(0, 0, 0), (1, 1, 0), (0, 1, 1), (0, 1, 0)]
    assert found.weights.tolist() == [0.2, 0.25, 0.3, 0.7]
    assert links(weights=weights, heads=("h", "i")).links().total == 5
    many = links(weights=np.full((1, 64, 64), 0.5), rows=("a",) * 64, columns=("a",) * 64).links()
    assert (many.weights.size, many.total) == (1500, 4096)


def test_reasons_are_those_of_the_model():
    names = {reason: reason.name.lower().replace("_", " ") for reason in Reason if reason}
    names[Reason.NO_SOFTMAX] = "no softmax here"
    assert {reason: colours.hidden(reason).name for reason in names} == names


@pytest.mark.parametrize(
    ("values", "kind", "ends"),
    [
        ([[0.2, np.nan], [3, 1]], "sequential", (0.2, 3)),
        ([1.0], "sequential", (0, 1)),
        ([7.0, 7.0], "sequential", (7, 8)),
        ([np.nan], "sequential", (0, 1)),
        ([-2, 5], "diverging", (-5, 5)),
        ([0.0], "diverging", (-1, 1)),
    ],
)
def test_a_scale_fits_any_values(values, kind, ends):
    scale = Scale.of(np.array(values), "p", kind)
    assert (scale.low, scale.high) == ends


def test_position_follows_the_power_and_stops_at_the_ends():
    scale = Scale("sequential", 0, 4, "p", power=0.5)
    assert scale.position(np.array([-1, 0, 1, 4, 9])).tolist() == [0, 0, 0.5, 1, 1]
    assert np.isnan(scale.position(np.array([np.nan]))).all()


def test_panels_know_what_they_share():
    one, two = token_map(), token_map(title="two")
    assert Panels((one, two), 2).shared_tokens() is one
    assert Panels((one, two), 2).shared_scale() == SCALE
    other = token_map(rows=("a", "c"), scale=Scale("sequential", 0, 2, "p"))
    assert Panels((one, other), 2).shared_tokens() is None
    assert Panels((one, other), 2).shared_scale() is None
    assert Panels((one, grid()), 2).shared_tokens() is None


def test_specifications_need_neither_plotly_nor_matplotlib(alone):
    heavy = ("plotly", "matplotlib", "pandas", "torch")
    code = f"import gemma2_workbench.figures.spec; print([m for m in {heavy} if m in sys.modules])"
    assert alone(code) == "[]"
