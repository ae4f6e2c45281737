"""Paper: what a camera-ready check reads in the files."""

import hashlib
import re
import shutil
import struct
import subprocess
import threading
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib.font_manager import findfont

from gemma2_workbench.figures import paper
from gemma2_workbench.figures.paper import fonts
from gemma2_workbench.figures.spec import HeadGrid, Panels, Scale, TokenGrid, TokenMap, TokenStrip

SVG = "{http://www.w3.org/2000/svg}"
SCALE = Scale("sequential", 0, 1, "attention probability")


def words(svg):
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def strip(*tokens):
    return TokenStrip(tokens, np.linspace(0, 1, len(tokens)), SCALE)


def test_png_has_the_exact_width_in_pixels(samples):
    png = paper.render(samples["map-3"], "png", "double", dpi=200)
    assert struct.unpack(">I", png[16:20])[0] == 6.75 * 200


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reads text back with poppler's pdftotext")
def test_text_can_be_taken_from_a_pdf(samples, tmp_path):
    file = tmp_path / "figure.pdf"
    file.write_bytes(paper.render(samples["strip-odd"], "pdf", "text"))
    text = subprocess.run(["pdftotext", file, "-"], capture_output=True, check=True).stdout.decode()
    for token in (r"$\frac$", "$x$ and $y$", "<b>bold</b>", "${7*6}", "␣the", "a↵b⇥cU+0000", "_hidden", "U+D800"):
        assert token in text


def test_the_same_figure_has_the_same_bytes_in_every_process(alone):
    make = """
import hashlib
import numpy as np
from gemma2_workbench.figures import paper
from gemma2_workbench.figures.spec import HeadGrid, Panels, Scale, TokenMap
scale = Scale("sequential", 0, 1, "p")
names = ("$a$", "日", "c")
hidden = TokenMap(np.where(np.tri(3) == 1, 0.5, np.nan), 1 - np.tri(3, dtype=int), names, names, scale)
spec = Panels((hidden, HeadGrid(np.eye(2), ("local", "global"), 2, scale)), 2)
hashes = [hashlib.sha256(paper.render(spec, fmt, venue="acl")).hexdigest() for fmt in paper.FORMATS]
"""
    here = {}
    exec(make, here)
    assert alone(make + "print(*hashes)").split() == here["hashes"]


@pytest.mark.parametrize("fmt", paper.FORMATS)
def test_the_same_figure_has_the_same_bytes_twice(samples, fmt):
    assert paper.render(samples["map-3"], fmt) == paper.render(samples["map-3"], fmt)


def test_a_figure_does_not_depend_on_the_users_settings(samples):
    plain = paper.render(samples["grid-6"], "svg")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.bbox": "tight"}):
        assert paper.render(samples["grid-6"], "svg") == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_threads_take_turns(samples):
    wanted = hashlib.sha256(paper.render(samples["map-3"], "svg")).digest()
    seen = []
    draw = [
        threading.Thread(target=lambda: seen.append(hashlib.sha256(paper.render(samples["map-3"], "svg")).digest()))
        for _ in range(4)
    ]
    for thread in draw:
        thread.start()
    for thread in draw:
        thread.join()
    assert seen == [wanted] * 4


@pytest.mark.parametrize(("title", "count"), [(False, 0), (True, 1)])
def test_titles_are_written_only_if_asked(samples, title, count):
    assert words(paper.render(samples["map-3"], "svg", title=title)).count("3 tokens") == count


def test_panels_have_letters_in_order(samples):
    letters = [word for word in words(paper.render(samples["panels-27"], "svg", "double")) if word.startswith("(")]
    assert [letters[i] for i in (0, 1, 25, 26)] == ["(a)", "(b)", "(z)", "(aa)"]


def test_panels_of_one_scale_have_one_bar(samples):
    text = words(paper.render(samples["panels-maps"], "svg", "double"))
    assert text.count("attention probability") == 1
    assert text.count("query (attends)") == text.count("key (attended to)") == 1


def test_panels_of_different_tokens_share_a_bar(samples):
    text = words(paper.render(Panels((samples["map-3"], samples["map-64"]), 2), "svg", "double"))
    assert text.count("attention probability") == 1
    assert text.count("query (attends)") == 2


def test_panels_keep_letter_and_title_without_the_title(samples):
    text = words(paper.render(samples["panels-mixed"], "svg", "double"))
    assert "mixed <b>" not in text
    for word in ("(a)", "12 tokens", "(b)", "Entropy", "(c)", "softcap", "(d)", "dots"):
        assert word in text


def test_labels_thin_out_instead_of_shrinking():
    names = tuple(f"t{i:02}" for i in range(64))
    values = np.random.default_rng(0).random((64, 64))
    shown = words(paper.render(TokenMap(values, None, names, names, SCALE), "svg"))
    rows = [name for name in names if name in shown]
    assert 5 < len(rows) < 64
    steps = np.diff([names.index(name) for name in rows])
    assert (steps == steps[0]).all()


def test_hidden_cells_are_hatched_by_reason(samples):
    svg = paper.render(samples["map-64"], "svg").decode()
    patterns = set(re.findall(r'<pattern id="(\w+)"', svg))
    assert len(patterns) == 2
    legend = words(svg)
    assert {"hidden: future", "hidden: outside window"} <= set(legend)


def test_grid_names_layers_heads_and_shared_heads():
    spec = HeadGrid(np.array([[0.25, 1, 0, 0.5]] * 2), ("local", "global"), 2, SCALE, text=True)
    text = words(paper.render(spec, "svg"))
    for word in ("L", "G", "kv 0", "kv 1", "layer", "head", "global layer", "local layer (sliding window)"):
        assert word in text
    assert text.count("0.25") == 2 + 1  # two cells and a tick of the bar


@pytest.mark.parametrize("fmt", paper.FORMATS)
def test_the_record_is_in_the_metadata(samples, fmt):
    record = '{"model": "<tiny> & co", "layer": 3}'
    data = paper.render(samples["map-1"], fmt, record=record)
    if fmt == "svg":
        assert record in "".join(ElementTree.fromstring(data).itertext())
    elif fmt == "png":
        assert f"Description\0{record}".encode() in data
    else:
        assert b"/Subject (" + record.encode() in data


def test_characters_without_a_glyph_become_code_points(monkeypatch):
    monkeypatch.setattr(fonts, "FALLBACKS", ("No Such Family",))
    text = words(paper.render(strip("日", "x\U0001f680y", "é"), "svg"))
    assert {"U+65E5", "xU+1F680y", "é"} <= set(text)


def test_a_fallback_family_is_used_where_it_is_needed(monkeypatch):
    # U+1D400, a bold mathematical letter: in STIX, which comes with matplotlib.
    monkeypatch.setattr(fonts, "FALLBACKS", ("No Such Family", "STIXGeneral"))
    monkeypatch.setattr(fonts, "_characters", fonts._characters.__wrapped__)
    letter = next(chr(c) for c in sorted(fonts._characters("STIXGeneral") - fonts._characters("DejaVu Sans")))
    assert findfont("STIXGeneral", fallback_to_default=False)
    assert fonts.faces(strip("plain")).families == ("DejaVu Sans",)
    assert fonts.faces(strip("plain", letter)).families == ("DejaVu Sans", "STIXGeneral")
    assert letter in words(paper.render(strip("plain", letter), "svg"))


def test_words_are_cut_and_wrapped_to_their_room():
    faces = fonts.faces(())
    cut = faces.fit("a long token that goes on", 0.5, 7)
    assert cut.endswith("…")
    assert faces.width(cut, 7) <= 0.5
    lines = faces.wrap("share of attention on the previous token", 1.0, 8)
    assert " ".join(lines) == "share of attention on the previous token"
    assert all(faces.width(line, 8) <= 1.0 for line in lines)


def test_words_wider_than_the_room_are_broken_where_they_must_not_be_cut():
    faces = fonts.faces(())
    lines = faces.wrap("a Donaudampfschifffahrtsgesellschaft", 0.6, 9, strict=True)
    assert "".join(lines).replace(" ", "") == "aDonaudampfschifffahrtsgesellschaft"
    assert max(faces.width(line, 9) for line in lines) <= 0.6


def test_lines_are_balanced_and_numbers_stay_with_their_word():
    faces = fonts.faces(())
    assert faces.balanced("layer 12 head 10", faces.width("layer 12 head", 8), 8) == ["layer 12", "head 10"]
    one, two = faces.balanced("mean attention paid to the first token", 1.9, 8)
    assert faces.width(one, 8) / faces.width(two, 8) == pytest.approx(1, abs=0.35)


def test_titles_take_as_many_lines_as_they_need(samples):
    title = "Layer 0, head 0: probability (modified model: attention softcap 2 in layers 0, 1, 2, 3, 4, 5)"
    for spec in (replace(samples["map-3"], title=title), replace(samples["panels-maps"], title=title)):
        text = words(paper.render(spec, "svg", venue="acl", title=True))
        lines = [n for n in range(1, 9) if any(" ".join(text[i : i + n]) == title for i in range(len(text)))]
        assert len(lines) == 1
        assert lines[0] > 1
        short = paper.height(replace(spec, title="Layer 0"), venue="acl", title=True)
        line = 1.26 * 11 / 72
        assert paper.height(spec, venue="acl", title=True) == pytest.approx(short + line * (lines[0] - 1), abs=0.01)


def test_titles_of_panels_are_never_cut(samples):
    title = "layer 3 head 1, “the cat sat on the mat”, probability (modified model: no softcap in layer 0)"
    named = tuple(replace(samples["map-3"], title=title) for _ in range(4))
    assert " ".join(words(paper.render(Panels(named, 2), "svg", "double", venue="acl"))).count(title) == 4


def test_names_of_axes_and_bars_are_never_cut():
    label = "mean probability over the heads of the layer"
    name = "position (the token that was just read)"
    values, scale = np.eye(3), Scale("sequential", 0, 1, label)
    grid = TokenGrid(values, (("a", "b", "c"),) * 3, ("r",) * 3, ("x",) * 3, scale, "w", x_label=name, y_label=name)
    written = " ".join(words(paper.render(grid, "svg", venue="acl")))
    assert written.count(name) == 2
    assert label in written
    for spec in (TokenStrip(("a",), np.ones(1), scale), Panels((TokenStrip(("a",), np.ones(1), scale),) * 3, 3)):
        assert label in " ".join(words(paper.render(spec, "svg", venue="acl")))


def test_joiners_and_selectors_go_where_they_join_nothing(monkeypatch):
    monkeypatch.setattr(fonts, "FALLBACKS", ("No Such Family",))
    family, flame, persian = "\U0001f469\u200d\U0001f467", "❤\ufe0f\u200d\U0001f525", "می\u200cخواهم"
    faces = fonts.faces(strip(family, flame, persian))
    assert faces.printable(family) == "U+1F469U+1F467"
    assert faces.printable(flame) == "❤U+1F525"
    assert faces.printable(persian) == persian
    assert [faces.printable(c) for c in ("\u200d", "\ufe0f", "\u202eabc")] == ["U+200D", "U+FE0F", "U+202Eabc"]


def test_panels_that_stack_higher_than_a_page_become_lower(samples):
    grids = Panels((samples["grid-6"],) * 6, 3)
    assert paper.height(Panels((samples["grid-6"],), 1), venue="acl") * 6 > paper.tallest("acl")
    assert paper.height(grids, venue="acl") <= paper.tallest("acl") < 9.72
    svg = ElementTree.fromstring(paper.render(grids, "svg", venue="acl"))
    assert float(svg.attrib["height"].removesuffix("pt")) == pytest.approx(72 * paper.height(grids, venue="acl"))
    assert paper.height(strip(*["a long word"] * 600), venue="acl") > paper.tallest("acl")
    histograms = (samples["histogram"],) * 9  # two beside each other, each narrower than one that has room
    assert paper.height(Panels(histograms, 1)) > paper.tallest() >= paper.height(Panels(histograms, 3))


@pytest.mark.parametrize(
    ("width", "venue", "wanted"),
    [
        ("single", None, 3.25),
        ("text", None, 5.5),
        ("double", None, 6.75),
        (4, None, 4.0),
        ("single", "acl", 3.03),
        ("double", "acl", 6.30),
        ("single", "icml", 3.25),
        ("double", "icml", 6.75),
        ("single", "neurips", 5.5),
        ("text", "iclr", 5.5),
        ("single", "aaai", 3.3),
        ("double", "aaai", 6.975),
        ("single", "cvpr", 3.25),
        ("double", "cvpr", 6.875),
        ("single", "jmlr", 6.0),
        ("text", "acl", 6.30),
    ],
)
def test_widths_of_presets_and_venues(width, venue, wanted):
    assert paper.inches(width, venue) == wanted


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"width": "wide"}, "single, text, double or a number of inches; got 'wide'"),
        ({"width": 0.2}, "between 2 and 20 inches; got 0.2"),
        ({"venue": "nature"}, "acl, icml, .*; got 'nature'"),
        ({"fmt": "eps"}, "pdf, svg, png; got 'eps'"),
    ],
)
def test_unknown_widths_venues_and_formats_are_named(samples, given, message):
    with pytest.raises(ValueError, match=message):
        paper.render(samples["map-1"], **given)


def test_narrow_pages_still_hold_everything(samples):
    spec = Panels((samples["map-3"], samples["map-3"]), 1)
    assert words(paper.render(spec, "svg", 2)).count("(b)") == 1
