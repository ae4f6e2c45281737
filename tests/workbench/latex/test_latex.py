"""LaTeX source: whatever a token holds is printed, never obeyed; and it compiles where TeX is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import colormaps

from gemma2_workbench.figures import paper
from gemma2_workbench.figures.spec import Panels, Scale, TokenStrip
from gemma2_workbench.latex import booktabs, caption, colorbox, escaped, inclusion

PROBABILITY = Scale("sequential", 0, 1, "probability", power=0.5)
EVIL = (
    "<bos>",
    r"$\frac$",
    r"▁\input{x}",
    r"▁\end{document}",
    "^^5cbye",
    "▁&#%_~{}|",
    '▁"q"',
    "▁``--''",
    "\n▁%",
    "▁the",
    "▁a\x00\u202eb",
    "\ud800",
    "",
    "▁<0xF0>",
)
SCRIPTS = ("▁日本", "語", "▁שלום", "▁مرحبا", "▁Ελλ", "▁Привет", "▁ça")
# Everything that source may consist of: these, and characters that mean nothing to TeX.
UNITS = (
    r"\\(textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar|textvisiblespace|ldots|char34){}"
    r"|\\kern0pt{}|\\[{}$&#%_]|\$(-|\\hookleftarrow|\\mapsto|\\emptyset)\$|{\\scriptsize (CR|VT|FF)}"
    r"|[^\\{}$&#%_^\x00-\x1f\ud800-\udfff\u202a-\u202e\u2028\u2029]"
)


def strip(tokens, values=None, scale=PROBABILITY):
    return TokenStrip(tokens, np.linspace(0, 1, len(tokens)) if values is None else np.asarray(values), scale)


def compiled(engine: str, source: str, folder: Path) -> str:
    """The text of the pages that `engine` makes of the source."""
    for tool in (engine, "pdftotext"):
        if shutil.which(tool) is None:
            pytest.skip(
                f"{tool} is not installed: apt-get install texlive-latex-recommended texlive-luatex poppler-utils"
            )
    (folder / "t.tex").write_bytes(source.encode())
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]
    run = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout.decode(errors="replace")[-2000:]
    text = subprocess.run(["pdftotext", "-layout", "t.pdf", "-"], cwd=folder, capture_output=True, check=True).stdout
    return text.decode()


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(blacklist_categories=())))
def test_no_text_reaches_tex_as_a_command(text):
    assert re.fullmatch(f"({UNITS})*", escaped(text))


def test_words_stay_together_and_lines_break_between_them():
    lines = colorbox(strip(("<bos>", "▁un", "break", "able", "▁words", "\n", "▁", "x", "▁日", "本")), key=False).split(
        "\n"
    )
    boxes = [re.sub(r"\\tokenbox\{\w+\}\{\w+\}", "", line) for line in lines if line.startswith(r"\tokenbox")]
    assert boxes == [
        r"{\textless{}bos\textgreater{}}",
        r"{un}%",
        r"{break}%",
        r"{able}",
        r"{words}%",
        r"{$\hookleftarrow$}\newline%",
        r"{\textvisiblespace{}}\allowbreak%",
        r"{x}",
        r"{日}\allowbreak%",
        r"{本}%",
    ]


def test_long_runs_without_a_space_may_break():
    assert r"\allowbreak" not in colorbox(strip(("▁",) + ("ab",) * 11))[:-200].split("textvisiblespace{}}")[1][12:]
    assert colorbox(strip(("<0xF0>",) * 9)).count(r"\allowbreak") == 8


@pytest.mark.parametrize(("kind", "name"), [("sequential", "magma_r"), ("diverging", "RdBu_r")])
def test_colours_are_those_of_the_figures(kind, name):
    values = np.linspace(0 if kind == "sequential" else -1, 1, 5)
    scale = Scale(kind, values[0], 1, "x")
    found = re.findall(r"\\tokenbox\{(\w{6})\}\{(\w{6})\}", colorbox(strip(("▁a",) * 5, values, scale), key=False))
    at = (values - values[0]) / (1 - values[0])
    wanted = [bytes(colormaps[name](round(x * 255), bytes=True)[:3]).hex().upper() for x in at]
    assert [fill for fill, _ in found] == wanted
    assert found[-1][1] == "FFFFFF"


def test_negative_values_are_underlined_because_grey_hides_their_hue():
    text = colorbox(strip(("▁a", "▁b"), [-0.5, 0.5], Scale("diverging", -1, 1, "x")))
    assert re.findall(r"\\underline\{(.+?)\}", text) == ["a", r"\ $-$1\ ", r"\ $-$0.5\ "]


def test_tokens_without_a_value_have_no_colour():
    text = colorbox(strip(("▁a", "▁b"), [np.nan, 0.5]), key=False)
    assert r"\mbox{\strut a}" in text
    assert text.count(r"\tokenbox{") == 1


def test_the_comments_name_what_is_needed():
    assert "fontenc" not in colorbox(strip(("▁a",)))
    assert "[T1]{fontenc}" in colorbox(strip(("▁ça",)))
    assert "lualatex or xelatex" in colorbox(strip(("▁日",)))
    assert "lualatex or xelatex" in booktabs(pd.DataFrame({"t": ["日"]}))


def test_pdflatex_prints_everything_that_is_western(tmp_path):
    text = compiled("pdflatex", colorbox(strip(EVIL), document=True), tmp_path)
    flat = re.sub(r"\s", "", text)
    for token in (r"$\frac$", r"\input{x}", r"\end{document}", "^^5cbye", "&#%", "{}|", "U+202E", "U+D800", "<0xF0>"):
        assert token in flat, token
    assert "probability" in text


def test_lualatex_prints_every_script_that_a_font_has(tmp_path):
    text = compiled("lualatex", colorbox(strip((*EVIL, *SCRIPTS)), document=True), tmp_path)
    for word in (r"\input{x}", "Ελλ", "Привет", "ça"):
        assert word in text


def test_tables_and_figures_compile_in_a_paper(tmp_path):
    (tmp_path / "fig_1.pdf").write_bytes(paper.render(strip(("▁a", "b")), "pdf", venue="acl"))
    table = pd.DataFrame({"to_ken": EVIL[:4], "value": [0.25, -1.5, np.nan, 1.23e-7], "n": [1, -2, 3, 10**9]})
    parts = [
        booktabs(table),
        colorbox(strip(EVIL)),
        colorbox(strip(EVIL)),
        inclusion("fig_1.pdf", r"50% of \x & $y_1$", venue="acl"),
        inclusion("fig_1.pdf", "two columns", venue="acl", width="double", label="wide"),
    ]
    packages = (
        r"\documentclass[twocolumn]{article}\usepackage[T1]{fontenc}\usepackage{lmodern,xcolor,booktabs,graphicx}"
    )
    source = "\n\n".join([packages + r"\begin{document}See \ref{fig:fig-1}.", *parts, r"\end{document}"])
    text = compiled("pdflatex", source, tmp_path)
    for shown in (r"50% of \x & $y_1$", "to_ken", "−1.5", "two columns"):
        assert shown in text
    assert "1.23" in text


def test_numbers_of_tables():
    table = pd.DataFrame(
        {
            "x": [0.1234567, -2.0, np.nan, 1.5e-5, 123456.7, -2.5e7],
            "n": [-1, 2, 3, 4, 5, 6],
            "a_b": ["a", None, "▁c", "#", "1", "-"],
        }
    )
    rows = re.findall(r"^(.*) \\\\$", booktabs(table), re.MULTILINE)
    cells = [[cell.strip() for cell in row.split(" & ")] for row in rows]
    assert cells[0] == ["x", "n", r"a\_b"]
    assert [row[0] for row in cells[1:]] == [
        "0.1235",
        "$-2$",
        "--",
        r"$1.5\times 10^{-5}$",
        "123457",
        r"$-2.5\times 10^{7}$",
    ]
    assert [row[1] for row in cells[1:3]] == ["$-1$", "2"]
    assert [row[2] for row in cells[1:]] == ["a", "--", r"\textvisiblespace{}c", r"\#", "1", "-"]
    assert r"\begin{tabular}{rrl}" in booktabs(table)


def test_a_table_longer_than_a_page_goes_on_over_pages_with_its_header(tmp_path):
    long = pd.DataFrame({"n_o": range(130), "token": [f"▁t{i} &" for i in range(130)]})
    assert r"\begin{tabular}" in booktabs(long.head(40))
    packages = r"\documentclass{article}\usepackage{booktabs,longtable}\begin{document}"
    text = compiled("pdflatex", packages + booktabs(long) + r"\end{document}", tmp_path)
    assert text.count("token") == text.count("\f") >= 3
    assert re.findall(r"t(\d+) &", text) == [str(i) for i in range(130)]
    with pytest.raises(ValueError, match=r"at most 3,000 rows, and this one has 3,001; save it as \.csv"):
        booktabs(pd.DataFrame({"n": range(3001)}))


def test_a_wide_table_tells_what_is_the_same_in_every_row_and_fits(tmp_path):
    same = {f"a_long_name_{i}": ["the same"] * 3 for i in range(6)}
    table = pd.DataFrame({**same, **{f"col{i}": [1.5, -2.25e-9, np.nan] for i in range(5)}})
    source = booktabs(table)
    assert "% the same in every row, so left out: a_long_name_0 the same, " in source
    assert "the same &" not in source
    # A narrow one keeps them.
    assert "left out" not in booktabs(table.iloc[:, :2])
    packages = r"\documentclass{article}\usepackage{booktabs}\begin{document}\noindent "
    compiled("pdflatex", f"{packages}{source}\\end{{document}}", tmp_path)
    assert "Overfull" not in (tmp_path / "t.log").read_text(errors="replace")


@pytest.mark.parametrize(
    ("venue", "width", "star", "room"),
    [
        ("acl", "single", "", r"\columnwidth"),
        ("acl", "text", "*", r"\textwidth"),
        ("neurips", "double", "", r"\textwidth"),
        (None, "text", "", r"\textwidth"),
        (None, "double", "*", r"\textwidth"),
        (None, 3.5, "", "3.5in"),
    ],
)
def test_a_figure_is_included_at_the_width_it_was_saved_with(venue, width, star, room):
    text = inclusion("a/b.pdf", "c", venue=venue, width=width)
    assert f"\\begin{{figure{star}}}[t]" in text
    assert f"\\includegraphics[width={room}]{{a/b.pdf}}" in text


@pytest.mark.parametrize("name", ["a.svg", "a.html", "a}\\input{b}.pdf", "a%.pdf", "a$.pdf", "a\n.pdf", "a~.png"])
def test_files_that_latex_cannot_include_are_refused(name):
    with pytest.raises(ValueError, match="LaTeX"):
        inclusion(name, "c")


def test_the_caption_states_model_head_stage_scale_and_changes():
    record = {
        "model": {"name": "tiny", "revision": "abc", "dtype": "float32"},
        "ids": [2, 5, 7],
        "options": {"layer": 3, "head": 1, "stage": "attn_probs", "query": None},
        "overrides": [{"sentence": "head 1 of layer 0 is set to zero."}],
    }
    plain = strip(("▁a", "b"))
    words = caption(plain, record)
    assert words == (
        "Shown: layer 3, head 1, stage probability. Model: tiny, revision abc, float32. Text of 3 tokens. Colours: "
        "probability from 0 (light) to 1 (dark), proportional to the square root of the value. Modified model: head 1 "
        "of layer 0 is set to zero."
    )
    titled = TokenStrip(("a",), np.zeros(1), Scale("diverging", -2, 2, "logit"), "Layer 3, head 1: probability")
    words = caption(Panels((titled, titled), 2), record)
    assert words.startswith("(a) Layer 3, head 1: probability; (b) Layer 3, head 1: probability. Model: tiny")
    assert words.count("logit from −2 (blue) over 0 (white) to 2 (red)") == 1


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ([4], "Text of 4 tokens."),
        ([1], "Text of 1 token."),
        ([4, 5], "Texts of 4 and 5 tokens."),
        ([4, 5, 4], "Texts of 4, 5 and 4 tokens."),
        ([4, 4], "2 texts of 4 tokens each."),
    ],
)
def test_the_caption_counts_the_tokens_of_every_text(counts, sentence):
    first, *further = ({"ids": [2] * count} for count in counts)
    assert caption(strip(("a",)), {**first, "further_runs": further}).startswith(sentence)
