"""The screen in a real browser: what the pointer says, and that token text stays text."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from gemma2_workbench.figures import screen
from gemma2_workbench.figures.spec import Bars, HeadGrid, Panels, Scale, TokenMap
from gemma2_workbench.figures.text import for_plotly, one_line

HOSTILE = "</script><script>window.pwned = 1</script>"


class Scripts(HTMLParser):
    """Collects the type and id of every script element, and every attribute that holds code."""

    def __init__(self):
        super().__init__()
        self.scripts, self.handlers = [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "script":
            self.scripts.append((found.get("type"), found.get("id")))
        self.handlers += [name for name in found if name.startswith("on")]


def page_of(spec, **options):
    return screen.page(screen.render(spec), **options)


def test_token_text_ends_no_script(samples):
    # A first script loads nothing: the page is parsed as a browser would, and has plotly's own scripts only.
    plain, hostile = Scripts(), Scripts()
    plain.feed(page_of(samples["map-3"], provenance={"text": "harmless"}))
    hostile.feed(page_of(samples["map-odd"], title=HOSTILE, provenance={"text": HOSTILE}))
    assert hostile.scripts == plain.scripts
    assert hostile.handlers == plain.handlers == []


def test_page_is_the_same_twice_and_has_no_cloud_button(samples):
    page = page_of(samples["map-3"])
    assert page == page_of(samples["map-3"])
    config = page[page.rindex("Plotly.newPlot") :]
    assert '"showSendToCloud": false' in config
    assert '"displaylogo": false' in config
    assert "src=" not in page[: page.index("<body>")]


def test_provenance_can_be_read_back(samples):
    record = {"text": HOSTILE + " & 日本"}
    page = page_of(samples["map-1"], provenance=record)
    block = page.split('id="provenance">')[1].split("</script>")[0]
    assert json.loads(block) == record


def test_tokens_keep_their_integer_places(on_screen):
    names = ("▁the", "▁the", "<b>")
    spec = TokenMap(np.eye(3), None, names, names, Scale("sequential", 0, 1, "p"), row_start=1024, column_start=7)
    traces, layout = on_screen(spec)
    assert layout["yaxis"]["labelalias"] == {"1024": "▁the", "1025": "▁the", "1026": "&lt;b&gt;"}
    assert layout["xaxis"]["labelalias"] == {"7": "▁the", "8": "▁the", "9": "&lt;b&gt;"}
    assert layout["yaxis"]["range"] == [1026.5, 1023.5]  # queries run downward
    assert (traces[0]["x0"], traces[0]["y0"]) == (7, 1024)


def test_values_travel_as_typed_arrays(samples):
    written = json.loads(str(screen.render(samples["map-64"]).to_json()))
    assert written["data"][0]["z"].keys() >= {"bdata", "dtype", "shape"}


def test_layers_and_shared_heads_are_marked(on_screen):
    traces, layout = on_screen(HeadGrid(np.eye(2, 4), ("local", "global"), 2, Scale("sequential", 0, 1, "p")))
    assert [re.sub("<[^>]*>", "", text) for text in layout["yaxis"]["ticktext"]] == ["0 L", "1 G"]
    assert [note["text"] for note in layout["annotations"]] == ["kv 0", "kv 1"]
    assert layout["yaxis"]["range"] == [1.5, -0.5]  # layer 0 on top
    named = [trace["name"] for trace in traces if trace["showlegend"]]
    assert named == ["L local layer (sliding window)", "G global layer"]


def test_cell_numbers_are_printed_in_contrasting_ink(on_screen):
    spec = HeadGrid(np.array([[0.0, 1.0, np.nan]]), ("local",), 1, Scale("sequential", 0, 1, "p"), text=True)
    texts = [trace for trace in on_screen(spec)[0] if trace.get("mode") == "text"]
    inks = {word: trace["textfont"]["color"] for trace in texts for word in trace["text"] if word}
    assert inks == {"0.00": "#000000", "1.00": "#ffffff"}


def test_panels_share_bar_legend_and_zoom(samples, on_screen):
    traces, layout = on_screen(samples["panels-maps"])
    assert sum(trace["showscale"] for trace in traces if trace.get("name") == "attention probability") == 1
    named = [trace["name"] for trace in traces if trace["showlegend"]]
    assert sorted(named) == sorted(set(named))
    assert (layout["xaxis2"]["matches"], layout["yaxis3"]["matches"]) == ("x", "y")
    assert "matches" not in on_screen(samples["panels-mixed"])[1]["xaxis2"]


def test_panels_do_not_overlap(samples, on_screen):
    for name in ("panels-maps", "panels-mixed", "panels-27"):
        layout = on_screen(samples[name])[1]
        count = len(samples[name].figures)
        axes = ["" if i == 1 else str(i) for i in range(1, count + 1)]
        boxes = [(*layout[f"xaxis{i}"]["domain"], *layout[f"yaxis{i}"]["domain"]) for i in axes]
        for i, (left, right, low, high) in enumerate(boxes):
            assert 0 <= left < right <= 1
            assert 0 <= low < high <= 1
            apart = [r <= left or right <= le or h <= low or high <= lo for le, r, lo, h in boxes[:i]]
            assert all(apart)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("$x$", "&#36;x&#36;"),
        ("%{z}", "&#37;{z}"),
        ("&lt;", "&amp;lt;"),
        ("a\nb\x07", "a↵bU+0007"),
        ("\ud800", "U+D800"),
    ],
)
def test_text_is_literal_for_plotly(text, shown):
    assert for_plotly(text) == shown


def test_long_text_is_cut_before_it_is_escaped():
    assert one_line("abcdef", 4) == "abc…"
    assert for_plotly("<<<<<", 3) == "&lt;&lt;…"


@pytest.fixture
def look(browser, tmp_path):
    """`look(spec)` opens the page of a figure; anything it loads, asks or complains about fails the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, offline=True)
    page = context.new_page()
    trouble = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: None if request.url.startswith("file:") else trouble.append(request.url))

    def open_page(spec, width=1000):
        page.set_viewport_size({"width": width, "height": 900})
        path = tmp_path / "figure.html"
        path.write_text(page_of(spec), encoding="utf-8")
        page.goto(path.as_uri())
        page.wait_for_selector(".main-svg .xy, .main-svg .infolayer")
        return page

    yield open_page
    context.close()
    assert not [line for line in trouble if not line.startswith("data:")]


def point_at(page, x, y):
    """Move the pointer to a place of the first plot (shares of its width and height); the lines of its label."""
    box = page.locator(".nsewdrag").first.bounding_box()
    place = box["x"] + x * box["width"], box["y"] + y * box["height"]
    page.mouse.move(place[0] - 3, place[1] - 3)
    page.mouse.move(*place)
    return page.locator(".hoverlayer .hovertext tspan.line")


def expect_label(label, lines):
    """Wait until the pointer's label has these lines (each a part of one), whatever it showed before."""
    from playwright.sync_api import expect  # with the browser, so that tests without one need no playwright

    expect(label).to_contain_text(lines)


def test_pointer_names_tokens_value_and_reason(look):
    values = np.array([[1, np.nan], [0.123456, 0.876544]])
    names = ("<b>x</b>", "${7*6} $y$ %{z}")
    reasons = np.array([[0, 1], [0, 0]])
    scale = Scale("sequential", 0, 1, "attention probability")
    page = look(TokenMap(values, reasons, names, names, scale, row_start=10, column_start=10))
    assert sorted(page.locator(".ytick text").all_text_contents()) == sorted(names)
    label = point_at(page, 0.25, 0.75)
    value = "attention probability: 0.123456"
    expect_label(label, [f"query 11 {names[1]}", f"key 10 {names[0]}", value])
    label = point_at(page, 0.75, 0.25)
    expect_label(label, [f"query 10 {names[0]}", f"key 11 {names[1]}", "hidden: future"])


@pytest.mark.parametrize(
    ("name", "words"),
    [("map-odd", "query 12"), ("strip-odd", "token 12"), ("bars-odd", "share of $p$")],
)
def test_pages_run_offline_and_token_text_never_runs(look, samples, name, words):
    page = look(samples[name])
    assert page.evaluate("window.pwned") is None
    expect_label(point_at(page, 0.52, 0.62).filter(has_text=words), [words])
    assert page.evaluate("window.pwned") is None


def test_bars_keep_repeated_names_apart(on_screen):
    traces, layout = on_screen(Bars(("a", "a", "b"), np.array([3, 2, 1]), "share"))
    assert traces[0]["y"].tolist() == [0, 1, 2]
    assert layout["yaxis"]["ticktext"] == ["a", "a", "b"]


def test_titles_of_panels_are_written(on_screen):
    one = TokenMap(np.eye(1), None, ("a",), ("a",), Scale("sequential", 0, 1, "p"), title="head <3>")
    assert [note["text"] for note in on_screen(Panels((one,), 1))[1]["annotations"]] == ["head &lt;3&gt;"]


def test_panels_have_their_letters(samples, on_screen):
    notes = [note["text"] for note in on_screen(samples["panels-mixed"])[1]["annotations"]]
    assert {"(a) 12 tokens", "(b) Entropy", "(c) softcap", "(d) dots"} <= set(notes)


def test_a_legend_of_two_lines_leaves_the_title_alone(look, samples):
    page = look(samples["grid-6"], width=390)
    title, legend, plot = (page.locator(part).first.bounding_box() for part in (".gtitle", ".legend", ".nsewdrag"))
    assert legend["height"] > 30
    assert title["y"] + title["height"] <= plot["y"]
    assert plot["y"] + plot["height"] <= legend["y"]
