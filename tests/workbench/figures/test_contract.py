"""The contract of the renderers: each draws every specification, honestly and harmlessly."""

import re
import typing
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest

from workbench.figures import paper, screen
from workbench.figures.spec import FigureSpec, Panels, TokenMap

SVG = "{http://www.w3.org/2000/svg}"


def page_of(spec, width="single") -> tuple[Any, float, float]:
    """The root of the SVG, its width and its height in points."""
    root = ElementTree.fromstring(paper.render(spec, "svg", width))
    width, height = (float(root.attrib[side].removesuffix("pt")) for side in ("width", "height"))
    return root, width, height


def parts(spec) -> tuple[Any, ...]:
    return spec.figures if isinstance(spec, Panels) else (spec,)


def test_samples_cover_every_specification(samples):
    assert {type(spec) for spec in samples.values()} == set(typing.get_args(FigureSpec))


@pytest.mark.parametrize("dark", [False, True])
def test_screen_draws_it(sample, dark, on_screen):
    traces, layout = on_screen(sample, dark)
    assert 100 < layout["height"] < 3000
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"
    heatmaps = [trace for trace in traces if trace["type"] == "heatmap"]
    assert all(isinstance(trace["z"], np.ndarray) for trace in heatmaps)
    drawn = [trace["z"] for trace in heatmaps if "hidden" not in trace["hovertemplate"]]
    wanted = [part.values for part in parts(sample) if hasattr(part, "kinds") or isinstance(part, TokenMap)]
    if wanted:
        assert all(any(np.array_equal(z, values, equal_nan=True) for z in drawn) for values in wanted)


def test_screen_gives_every_hidden_cell_its_reason(sample, on_screen):
    for part in parts(sample):
        if isinstance(part, TokenMap):
            layers = [trace for trace in on_screen(part)[0] if "hidden" in trace.get("hovertemplate", "")]
            covered = sum((np.isfinite(layer["z"]).astype(int) for layer in layers), np.zeros(part.values.shape, int))
            assert np.array_equal(covered, np.isnan(part.values).astype(int))


@pytest.mark.parametrize("width", ["single", "double"])
def test_paper_draws_it_at_the_exact_width(sample, width):
    _, points, height = page_of(sample, width)
    assert points == pytest.approx(72 * paper.WIDTHS[width], abs=1e-6)
    assert 0.3 * 72 < height < 40 * 72


def test_paper_type_is_never_smaller_than_six_points(sample):
    text = paper.render(sample, "svg").decode()
    sizes = [float(size) for size in re.findall(r"font: (?:\w+ )*([\d.]+)px", text)]
    assert min(sizes, default=6) >= 6


def test_paper_text_stays_on_the_page(sample):
    root, width, height = page_of(sample)
    for text in root.iter(f"{SVG}text"):
        found = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", text.get("transform", ""))
        x, y = map(float, found.groups()) if found else (float(text.get("x", 0)), float(text.get("y", 0)))
        assert 0 <= x <= width, text.text
        assert 0 <= y <= height, text.text


@pytest.mark.parametrize("render", [screen.render, paper.render])
def test_other_things_are_refused_by_name(render):
    with pytest.raises(TypeError, match="TokenMap.*got dict"):
        render({"z": 1})
