"""What a camera-ready check reads in a PDF: every kind of figure at every width of every venue."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
import zlib
from functools import cache

import numpy as np
import pytest

from gemma2_workbench.figures import paper
from gemma2_workbench.figures.paper.venues import TypeSizes
from gemma2_workbench.figures.spec import Scale, TokenMap, TokenStrip
from tests.workbench.figures.conftest import SAMPLES

SVG = "{http://www.w3.org/2000/svg}"
KINDS = (
    *("map-3", "links-12", "grid-6", "words-7", "curve", "scatter-9", "bars-1", "strip-1"),
    *("panels-maps", "panels-mixed"),
)
# Column and text width in points, computed by hand from the style files, and the smallest type that is allowed.
PAGES = {
    ("acl", "single"): (218.16, 6),
    ("acl", "double"): (453.6, 6),
    ("icml", "single"): (234, 6),
    ("icml", "double"): (486, 6),
    ("neurips", "text"): (396, 6),
    ("iclr", "text"): (396, 6),
    ("aaai", "single"): (237.6, 9),
    ("aaai", "double"): (502.2, 9),
    ("cvpr", "single"): (234, 6),
    ("cvpr", "double"): (495, 6),
    ("jmlr", "text"): (432, 6),
}
# Every kind where the page is narrowest for its type; elsewhere a map and one of everything.
DRAWN = {
    page: KINDS if page in (("acl", "single"), ("aaai", "single")) else ("map-3", "panels-mixed") for page in PAGES
}


def opened(pdf):
    """The PDF's streams, decompressed."""
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            # Not `decompress`, which misses a last byte that looks like the end of a line.
            yield zlib.decompressobj().decompress(found.group(1))
        except zlib.error:
            yield found.group(1)


def words(svg):
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_venue_is_checked():
    assert {venue for venue, _ in PAGES} == set(paper.VENUES)
    assert {paper.inches(width, venue) for venue, width in PAGES} == {
        inches for widths in paper.VENUES.values() for inches in widths.values()
    }


@cache
def on_page(kind, venue, width):
    return paper.render(SAMPLES[kind], "pdf", width, venue=venue)


@pytest.mark.parametrize(("venue", "width"), PAGES)
def test_width_fonts_sizes_and_lines_are_what_the_venue_asks(venue, width):
    points, smallest = PAGES[venue, width]
    for kind in DRAWN[venue, width]:
        pdf = on_page(kind, venue, width)
        box = [float(number) for number in re.findall(rb"/MediaBox \[ ([\d. ]+) \]", pdf)[0].split()]
        assert box[:3] == pytest.approx([0, 0, points], abs=1e-6), kind
        streams = list(opened(pdf))
        fonts = set(re.findall(rb"/Subtype /(Type0|Type1|Type3|TrueType|CIDFontType\d)", pdf + b"".join(streams)))
        assert fonts == {b"Type0", b"CIDFontType2"}, kind
        assert pdf.count(b"/FontFile2") == pdf.count(b"/Type /FontDescriptor") > 0, kind
        content = max((s for s in streams if b" Tf" in s), key=len)
        sizes = [float(size) for size in re.findall(rb"/F\S+ ([\d.]+) Tf", content)]
        assert min(sizes) >= smallest, kind
        drawn = b"\n".join(stream for stream in streams if b" rg" in stream or b" G" in stream)
        thickness = {float(line) for line in re.findall(rb"(?<![\d.])([\d.]+) w(?=\s|$)", drawn)}
        assert min(thickness - {0}) >= 0.5, kind


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reads text back with poppler's pdftotext")
@pytest.mark.parametrize("kind", KINDS)
def test_everything_written_can_be_taken_from_the_pdf(samples, kind, tmp_path):
    file = tmp_path / "figure.pdf"
    file.write_bytes(on_page(kind, "acl", "single"))
    read = subprocess.run(["pdftotext", "-raw", file, "-"], capture_output=True, check=True).stdout.decode()
    whole = "".join(read.split())
    written = words(paper.render(samples[kind], "svg", "single", venue="acl"))
    assert [word for word in written if "".join(word.split()) not in whole] == []


def test_embedded_fonts_have_truetype_outlines(samples):
    # Installed fonts for Chinese, Japanese and Korean mostly have other outlines, of which PDF readers complain.
    pdf = paper.render(samples["strip-odd"], venue="acl")
    starts = [stream[:4] for stream in opened(pdf) if stream[:4] in (b"OTTO", b"\0\1\0\0", b"true")]
    assert len(starts) > 1
    assert set(starts) == {b"\0\1\0\0"}


def test_pictures_have_so_many_pixels_that_smoothing_viewers_keep_cells_sharp(samples):
    for kind in ("map-3", "grid-6", "words-7"):
        sides = re.findall(rb"/(?:Width|Height) (\d+)", paper.render(samples[kind], "pdf"))
        assert len(sides) >= 4, kind
        assert min(map(int, sides)) >= 300, kind


def test_hidden_cells_are_hatched_in_the_pdf(samples):
    pdf = paper.render(samples["map-64"], "pdf")
    assert len(re.findall(rb"/PatternType 1\b", pdf)) == 2


def test_cells_clearly_below_zero_carry_a_dash_because_grey_has_no_sign(samples):
    spec = samples["map-signed"]
    page = ElementTree.fromstring(paper.render(spec, "svg"))
    groups = [g for g in page.iter(f"{SVG}g") if g.attrib.get("id", "").startswith("LineCollection")]
    dashes = sum(len(list(group.iter(f"{SVG}path"))) for group in groups)
    assert dashes == (spec.values < -0.15 * np.abs(spec.values).max()).sum()
    assert "below zero by over 15% of the scale" in words(paper.render(spec, "svg"))
    plus = TokenMap(np.abs(spec.values), None, spec.rows, spec.columns, spec.scale)
    assert not any("below zero" in word for word in words(paper.render(plus, "svg")))


def test_words_below_zero_are_underlined():
    strip = TokenStrip(("a", "b"), np.array([-1.0, 1.0]), Scale("diverging", -1, 1, "saliency"))
    assert any("below zero" in word for word in words(paper.render(strip, "svg")))


def test_marks_of_spaces_are_open_boxes_and_other_signs_stay():
    tokens = ("<bos>", "▁the", "_x", "<0xF0>", "↵", r"$\frac$")
    shown = words(paper.render(TokenStrip(tokens, np.zeros(6), Scale("sequential", 0, 1, "p")), "svg"))
    assert shown[:6] == ["<bos>", "␣the", "_x", "<0xF0>", "↵", r"$\frac$"]


@pytest.mark.parametrize("sizes", [(5.9, 7, 8, 9), (7, 6.5, 8, 9), (6, 7, 8, 7.5)])
def test_type_never_goes_below_six_points(sizes):
    with pytest.raises(ValueError, match="from 6 points"):
        TypeSizes(*sizes)
