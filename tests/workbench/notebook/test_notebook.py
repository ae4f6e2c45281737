"""What results are at a prompt and in a notebook: one line, and HTML that is whole, static, safe and small."""

import ast
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from gemma2_workbench import (
    AblateHead,
    LoadedModel,
    Sweep,
    Trace,
    capture,
    classify,
    compare,
    load,
    table,
)
from gemma2_workbench.traces.interventions import Intervention
from gemma2_workbench.traces.layer_store import FileLayers
from gemma2_workbench.traces.readers import READERS

NOTEBOOK = Path(__file__).parents[3] / "examples" / "first_look.ipynb"
ODD = "<script>alert('1')</script> & \"quoted\" 👩‍👩‍👧 שלום \u202e你好\n\tdef f(x): return x</div>"
TEXTS = {"odd": ODD, "one": "a", "long": "The President met Emma & <b>Bob</b> in Paris, 你好. " * 16}
VOID = {"wbr", "img", "br"}


class Page(HTMLParser):
    """Reads HTML strictly: what is opened is closed, in order; nothing runs and nothing is fetched."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.titles, self.open = "", 0, []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID | {"div", "style", "p", "span", "section", "u", "b", "i", "mark", "small"}, tag
        assert {name for name, _ in attrs} <= {"class", "style", "title", "dir"}
        self.titles += "title" in dict(attrs)
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] not in ("style", "small"):
            self.text += data


def page_of(result: Any) -> Page:
    html = result._repr_html_()
    assert len(html.encode()) < 60_000
    assert "<script" not in html
    assert "http" not in html
    assert "url(" not in html
    assert "mathjax_ignore" in html
    return Page(html)


@pytest.fixture(scope="module")
def run(loaded: LoadedModel) -> Callable[..., Trace]:
    @cache
    def captured(text: str, *changes: Intervention, read: tuple[str, ...] = tuple(READERS)) -> Trace:
        return capture(loaded, text, interventions=changes, read=read, parity=False)

    return captured


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_result_is_one_line(loaded: LoadedModel, run, text: str) -> None:
    trace, labels = run(text), classify(load("tiny-ner"), text)
    pair = compare(trace, run(text, AblateHead(1, 2)))
    results = [loaded, trace, pair, pair.after, labels, trace.tokens, FileLayers(), trace.tensors[0]]
    results += [trace.readings[name] for name in ("lens", "contributions", "prediction")]
    results += [*labels.sentences, labels.sentences[0].reading]
    for result in results:
        line = repr(result)
        assert line.startswith(f"<{type(result).__name__} ")
        assert len(line) < 200
        assert line.isprintable()
    assert "2 tokens 'a'" in repr(trace) or text != "a"
    assert "modified: layer 1 head 2 set to zero" in repr(pair.after)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_page_is_whole_and_safe(run, text: str) -> None:
    trace = run(text)
    pair = compare(trace, run(text, AblateHead(1, 2)))
    results = [trace, pair, pair.after, trace.readings["prediction"], classify(load("tiny-ner"), text)]
    pages = [page_of(result) for result in results]
    assert pages[0].titles == min(len(trace.tokens), 300) + 36
    assert ("The first 300 of " in pages[0].text) == (len(trace.tokens) > 300)
    assert "Modified model: layer 1 head 2 set to zero (changes" in pages[1].text
    assert text[:40] in pages[-1].text


def test_what_a_page_says_is_what_the_tables_say(run) -> None:
    trace = run("Anna met Bob. Later Anna met")
    pair = compare(trace, run("Anna saw Emma. Later Anna met"))
    grid = table(trace, "atlas", metric="induction")
    strongest = grid.loc[grid["value"].idxmax()]
    shown = trace._repr_html_()
    assert f'title="layer {strongest["layer"]} head {strongest["head"]}: {strongest["value"]:.4g}"' in shown
    received = trace.folds["received"].double().mean((0, 1))
    assert f'title="3: {float(received[3]):.4g}"' in shown
    page = page_of(pair)
    assert f"{pair.divergence:.3g} nats" in page.text
    top = table(pair, "next_token")["p_before"].max()
    assert f"{top:.4f}" in page.text


def test_a_page_says_what_was_not_read(run) -> None:
    trace = run("Anna met Bob", read=("attention",))
    assert "was not read (read=('folds', ...))" in page_of(trace).text
    text = page_of(compare(trace, trace)).text
    assert "read=('prediction', ...)" in text
    assert "read=('folds', ...)" in text


def test_a_change_that_no_head_sees_is_said(run) -> None:
    text = "Anna met Bob. Later Anna met"
    last = page_of(compare(run(text), run(text, AblateHead(5, 3))))
    assert "No head attends otherwise: no change of induction (share)." in last.text
    assert "Change of induction" in page_of(compare(run(text), run(text, AblateHead(1, 2)))).text


def test_a_large_model_is_a_small_page(run) -> None:
    trace = run(TEXTS["long"], read=("attention", "folds"))
    folds = {name: fold[:1, :1].expand(46, 32, *fold.shape[2:]) for name, fold in trace.folds.items()}
    layers, readings = (trace.layers[0],) * 46, {"attention": trace.tensors, "folds": folds}
    page = page_of(replace(trace, layers=layers, heads=32, kv_heads=16, readings=readings))
    assert "46 layers × 32 heads" in page.text


def test_a_view_is_shown(run) -> None:
    trace = run("Anna met Bob")
    pair = compare(trace, run("Anna met Bob", AblateHead(1, 2)))
    for subject, view in ((trace, "attention"), (pair, "difference")):
        figure = subject.show(view, layer=1, head=2)
        assert isinstance(figure, go.Figure)
        assert figure.layout.height > 100
        paper = subject.on_paper(view, layer=1, head=2, venue="acl")
        assert paper.svg.count(b"<text") > 5
        assert paper._repr_html_().startswith("<img ")
    with pytest.raises(ValueError, match="there is no view 'difference'"):
        trace.show("difference")
    with pytest.raises(ValueError, match="view 'attention' has no option 'row'"):
        trace.show("attention", row=1)


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)
    names: dict[str, Any] = {}
    shown = [executed("".join(cell["source"]), names) for cell in cells]
    assert shown[0].startswith('<div class="g2w ')
    assert (tmp_path / "induction_head.pdf").exists()
    # What the prose promises: three heads of the last layer carry the copying.
    assert names["trace"].readings["prediction"].top(1)[0][0] == "▁B"
    assert {layer for layer, _ in names["heads"]} == {5}
    assert dict(names["without"].readings["prediction"].top(64)).get("▁B", 0.0) < 0.05


def executed(source: str, names: dict[str, Any]) -> str:
    """Run a cell; what its last expression shows, as a notebook does."""
    *body, last = ast.parse(source).body
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    assert isinstance(last, ast.Expr)
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return value._repr_html_() if hasattr(value, "_repr_html_") else repr(value)


def test_a_sweep_shows_its_heads_and_draws_its_views(swept: Sweep) -> None:
    page = page_of(swept)
    assert "5 texts" in page.text
    assert "The largest by induction" in page.text
    assert isinstance(swept.show("ranked", by="entropy"), go.Figure)
    assert b"L5H3" in swept.on_paper("scatter").svg
