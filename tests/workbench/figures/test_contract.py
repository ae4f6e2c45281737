"""The contract of the renderers: each draws every specification, honestly and harmlessly."""

import io
import re
import typing
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gemma2_workbench.figures import paper, screen
from gemma2_workbench.figures.spec import FigureSpec, Panels, TokenMap


def parts(spec) -> tuple[Any, ...]:
    return spec.figures if isinstance(spec, Panels) else (spec,)


def test_samples_cover_every_specification(samples):
    assert {type(spec) for spec in samples.values()} == set(typing.get_args(FigureSpec))


def test_screen_draws_it(sample, on_screen):
    traces, layout = on_screen(sample)
    assert 100 < layout["height"] < 3000
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"
    heatmaps = [trace for trace in traces if trace["type"] == "heatmap"]
    assert all(isinstance(trace["z"], np.ndarray) for trace in heatmaps)
    drawn = [trace["z"] for trace in heatmaps if "hidden" not in trace["hovertemplate"]]
    wanted = [part.values for part in parts(sample) if hasattr(part, "kinds") or isinstance(part, TokenMap)]
    if wanted:
        assert all(any(np.array_equal(z, values, equal_nan=True) for z in drawn) for values in wanted)


def test_screen_gives_every_hidden_cell_its_reason_in_the_dark_too(sample, on_screen):
    for part in parts(sample):
        if isinstance(part, TokenMap):
            layers = [trace for trace in on_screen(part, dark=True)[0] if "hidden" in trace.get("hovertemplate", "")]
            covered = sum((np.isfinite(layer["z"]).astype(int) for layer in layers), np.zeros(part.values.shape, int))
            assert np.array_equal(covered, np.isnan(part.values).astype(int))


def test_paper_has_the_exact_width_and_type_of_six_points_or_more(sample):
    svg = paper.render(sample, "svg").decode()
    page = ElementTree.fromstring(svg)
    width, height = (float(page.attrib[side].removesuffix("pt")) for side in ("width", "height"))
    assert width == pytest.approx(72 * 3.25, abs=1e-6)
    assert 0.3 * 72 < height < 40 * 72
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]
    assert sizes
    assert min(sizes) >= 6


def check_edges(spec, width):
    picture = Image.open(io.BytesIO(paper.render(spec, "png", width, dpi=120))).convert("L")
    pixels = np.asarray(picture)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert edge.min() == 255
    assert pixels.min() < 128


def test_nothing_is_cut_at_the_edge_of_the_paper(sample):
    check_edges(sample, "single")


@pytest.mark.parametrize("name", ["map-odd", "links-12", "grid-46", "words-7", "curve", "bars-odd", "panels-mixed"])
def test_nothing_is_cut_at_the_edge_of_two_columns(samples, name):
    check_edges(samples[name], "double")


@pytest.mark.parametrize("render", [screen.render, paper.render])
def test_other_things_are_refused_by_name(render):
    with pytest.raises(TypeError, match="TokenMap.*got dict"):
        render({"z": 1})
