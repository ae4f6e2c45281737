"""The contract of the renderers: each draws every specification, honestly and harmlessly."""

import re
import typing
import xml.etree.ElementTree as ElementTree

import numpy as np
import plotly.graph_objects as go
import pytest

from workbench.figures import paper, screen
from workbench.figures.spec import FigureSpec, Panels, TokenMap

SVG = "{http://www.w3.org/2000/svg}"


def parts(spec):
    return spec.figures if isinstance(spec, Panels) else (spec,)


def test_samples_cover_every_specification(samples):
    assert {type(spec) for spec in samples.values()} == set(typing.get_args(FigureSpec))


@pytest.mark.parametrize("dark", [False, True])
def test_screen_draws_it(sample, dark):
    figure = screen.render(sample, dark)
    assert 100 < figure.layout.height < 3000
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    heatmaps = [trace for trace in figure.data if isinstance(trace, go.Heatmap)]
    assert all(isinstance(trace.z, np.ndarray) for trace in heatmaps)
    drawn = [trace.z for trace in heatmaps if "hidden" not in (trace.hovertemplate or "")]
    wanted = [part.values for part in parts(sample) if hasattr(part, "kinds") or isinstance(part, TokenMap)]
    if wanted:
        assert all(any(np.array_equal(z, values, equal_nan=True) for z in drawn) for values in wanted)


def test_screen_gives_every_hidden_cell_its_reason(sample):
    for part in parts(sample):
        if isinstance(part, TokenMap):
            figure = screen.render(part)
            layers = [trace for trace in figure.data if "hidden" in (trace.hovertemplate or "")]
            covered = sum((np.isfinite(layer.z).astype(int) for layer in layers), np.zeros(part.values.shape, int))
            assert np.array_equal(covered, np.isnan(part.values).astype(int))


@pytest.mark.parametrize("width", ["single", "double"])
def test_paper_draws_it_at_the_exact_width(sample, width):
    root = ElementTree.fromstring(paper.render(sample, "svg", width))
    inches = paper.WIDTHS[width]
    assert root.get("width") == f"{inches * 72:g}pt"
    assert 0.3 * 72 < float(root.get("height").removesuffix("pt")) < 40 * 72


def test_paper_type_is_never_smaller_than_six_points(sample):
    text = paper.render(sample, "svg").decode()
    sizes = [float(size) for size in re.findall(r"font: (?:\w+ )*([\d.]+)px", text)]
    assert min(sizes, default=6) >= 6


def test_paper_text_stays_on_the_page(sample):
    root = ElementTree.fromstring(paper.render(sample, "svg"))
    width, height = (float(root.get(side).removesuffix("pt")) for side in ("width", "height"))
    for text in root.iter(f"{SVG}text"):
        found = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", text.get("transform", ""))
        x, y = map(float, found.groups()) if found else (float(text.get("x", 0)), float(text.get("y", 0)))
        assert 0 <= x <= width, text.text
        assert 0 <= y <= height, text.text


@pytest.mark.parametrize("render", [screen.render, paper.render])
def test_other_things_are_refused_by_name(render):
    with pytest.raises(TypeError, match="TokenMap.*got dict"):
        render({"z": 1})
