"""The command line does the same jobs, without gradio."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gemma2_workbench import lens, load, tokenize
from gemma2_workbench.apps.cli import main
from gemma2_workbench.models.language_model import token_id
from gemma2_workbench.traces.file import load_trace

TEXT = "The President of the United States and the President"


def test_trace_then_figure_and_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run.safetensors"
    assert main(["trace", TEXT, "--out", str(run)]) == 0
    assert "equal to transformers" in capsys.readouterr().out
    assert load_trace(run).tokens.text == TEXT
    assert main(["table", "atlas", "--trace", str(run), "--out", str(tmp_path / "atlas.csv")]) == 0
    assert len(pd.read_csv(tmp_path / "atlas.csv")) == 6 * 6 * 6
    arguments = ["--layer", "1", "--head", "2", "--venue", "acl", "--out", str(tmp_path / "fig.pdf")]
    assert main(["figure", "attention", "--trace", str(run), *arguments]) == 0
    assert (tmp_path / "fig.pdf").read_bytes().startswith(b"%PDF")


def test_the_lens_of_some_rows_and_positions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lens", TEXT, "--rows", "6,3", "--positions", "1,4", "--token", "▁the"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [line[:2] for line in lines] == [["6", "1"], ["3", "1"], ["6", "4"], ["3", "4"]]
    whole = lens(load(), tokenize(load().tokenizer, TEXT).ids, token_id(load(), "▁the"))
    assert [int(line[-2]) for line in lines] == [int(whole.chosen_ranks[row, at]) for at in (1, 4) for row in (6, 3)]
    assert main(["lens", TEXT, "--rows", "7"]) == 2
    assert "rows [7] cannot be read; give some of 0..6" in capsys.readouterr().err


def test_several_values_are_panels_and_latex_includes_them(tmp_path: Path) -> None:
    words = ["figure", "attention", "--text", "Anna met Bob", "--text", "Bob met Anna", "--layer", "0", "1"]
    assert main([*words, "--columns", "4", "--width", "double", "--latex", "--out", str(tmp_path / "fig.pdf")]) == 0
    record = json.loads((tmp_path / "fig.pdf.json").read_text())
    shown = [(panel["run"], panel["options"]["layer"], panel["caption"]) for panel in record["panels"]]
    assert shown[:2] == [(0, 0, "layer 0 head 0, “Anna met Bob”"), (1, 0, "layer 0 head 0, “Bob met Anna”")]
    assert [layer for _, layer, _ in shown] == [0, 0, 1, 1]
    assert record["columns"] == 4
    source = (tmp_path / "fig.figure.tex").read_text()
    assert r"\includegraphics[width=\textwidth]{fig.pdf}" in source
    assert "(d) layer 1 head 0, “Bob met Anna”" in source


def test_latex_never_replaces_a_file_of_the_author(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paper, around = tmp_path / "main.tex", tmp_path / "main.figure.tex"
    paper.write_text("the paper")
    words = ["figure", "text", "--text", "Anna met Bob", "--out", str(tmp_path / "main.pdf")]
    assert main([*words, "--latex"]) == 0
    assert main([*words, "--latex", "--width", "8cm"]) == 0
    assert "width=3.1496in" in around.read_text()
    assert paper.read_text() == "the paper"
    around.write_text("by hand")
    (tmp_path / "main.pdf").write_text("old")
    assert main([*words, "--latex"]) == 2
    assert "was not written by --latex; move it" in capsys.readouterr().err
    assert (around.read_text(), (tmp_path / "main.pdf").read_text()) == ("by hand", "old")


def test_several_coloured_texts_are_one_latex_source(tmp_path: Path) -> None:
    target = tmp_path / "t.tex"
    words = ["figure", "text", "--text", "Anna met Bob & {Carl}", "--layer", "1", "5", "--head", "2"]
    assert main([*words, "--out", str(target)]) == 0
    source = target.read_text()
    assert source.index("(a) layer 1 head 2") < source.index("(b) layer 5 head 2")
    assert source.count(r"\enspace probability") == 1  # they share a scale
    assert source.count(r"{\&}%") == source.count(r"{\{}%") == 2


def test_maps_say_what_they_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["table", "attention", "--text", "Anna met", "--layer", "0", "3", "--head", "1", "--rows", "1:3"]
    assert main([*words, "--out", str(tmp_path / "m.npz")]) == 0
    with np.load(tmp_path / "m.npz") as file:
        keys = file["values"].shape[3]
    assert capsys.readouterr().out.endswith(f"m.npz: 2 maps of 2 queries and {keys} keys (2 layers, 1 head)\n")


def test_several_texts_are_rows_of_their_own(tmp_path: Path) -> None:
    words = ["table", "atlas", "--text", "Anna met Bob", "--text", "Bob", "--metric", "entropy"]
    assert main([*words, "--out", str(tmp_path / "a.csv")]) == 0
    frame = pd.read_csv(tmp_path / "a.csv")
    assert frame.groupby("run").size().to_dict() == {0: 36, 1: 36}


def test_a_modified_model_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(tmp_path / "run.safetensors")
    assert main(["trace", TEXT, "--softcap", "off@1", "--ablate", "0.3", "--out", run]) == 0
    changes = "modified model: attention softcap off in layer 1, layer 0 head 3 set to zero"
    # Each change with what it did.
    said = re.sub(r" \(changes [\d,]+ of [\d,]+ outputs by at most [\d.e+-]+\)", "", capsys.readouterr().out)
    assert changes in said
    assert main(["figure", "atlas", "--trace", run, "--latex", "--out", str(tmp_path / "a.png")]) == 0
    caption = next(line for line in (tmp_path / "a.figure.tex").read_text().splitlines() if r"\caption" in line)
    assert caption.count(changes) == 1
    assert json.loads((tmp_path / "a.png.json").read_text())["modified_model"] is True


def test_a_view_straight_from_a_text(tmp_path: Path, twin_folder: Callable[..., Path]) -> None:
    target = tmp_path / "mask.csv"
    assert main(["table", "mask", "--text", TEXT, "--model", str(twin_folder()), "--out", str(target)]) == 0
    assert set(pd.read_csv(target)["window"]) == {7}


def test_models_lists_the_embedded_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "tiny" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["table", "atlas", "--text", "", "--out", "x.csv"], "the text is empty"),
        (["table", "atlas", "--text", "a", "--out", "x.gif"], ".csv"),
        (["figure", "atlas", "--text", "a", "--out", "missing/x.pdf"], "missing"),
        (["figure", "atlas", "--text", "a", "--out", "x.pdf", "--venue", "nature"], "acl"),
        (["figure", "attention", "--text", "a", "--head", "9", "--out", "x.pdf"], "allowed: 0..5"),
        (["figure", "mask", "--trace", "missing.safetensors", "--out", "x.pdf"], "there is no trace file"),
        (
            ["figure", "attention", "--text", "a", "--layer", *"01234", "--head", *"012345", "--out", "x.pdf"],
            "at most 26",
        ),
        (["figure", "attention", "--text", "a", "--dpi", "9", "--out", "x.png"], "dpi must lie between 30 and 1200"),
        (["figure", "attention", "--text", "a", "--latex", "--out", "x.html"], "LaTeX includes .pdf and .png"),
        (["figure", "lens", "--text", "a", "--out", "x.tex"], "`table lens` writes the numbers as .tex"),
        (["figure", "atlas", "--text", "a", "--dark", "--out", "x.pdf"], "--dark is of an .html"),
        (["figure", "atlas", "--text", "a", "--width", "4yd", "--out", "x.pdf"], "a length such as 4.5 (inches)"),
        (["figure", "atlas", "--text", "a", "--width", "1cm", "--out", "x.pdf"], "between 2 and 20 inches"),
        (["figure", "attention", "--text", "a", "--metric", "rank", "--out", "x.pdf"], "has no option 'metric'"),
        (["figure", "attention", "--text", "a", "--columns", "0", "--out", "x.pdf"], "a panel and a column"),
        (
            ["figure", "atlas", "--text", "a", "--softcap", "-1", "--out", "x.pdf"],
            "--softcap -1 is not allowed; give a finite number above 0, or off",
        ),
        (["figure", "atlas", "--text", "a", "--softcap", "5@x", "--out", "x.pdf"], "write the layers as 5@0,2"),
        (["figure", "atlas", "--text", "a", "--window", "2.5", "--out", "x.pdf"], "give a whole number from 1 to 92"),
        (["figure", "atlas", "--text", "a", "--ablate", "1", "--out", "x.pdf"], "write layer.head"),
        (["figure", "atlas", "--trace", "a", "--window", "2", "--out", "x.pdf"], "where a --text is run"),
        (["table", "atlas", "--text", "a", "--out", "x.npz"], "save the view atlas as .csv"),
        (
            ["table", "attention", "--text", "a", "--stage", "attn_probs", "attn_logits", "--out", "x.npz"],
            "got several values of stage: write a file for each",
        ),
        (["table", "attention", "--text", "a", "--text", "b", "--out", "x.npz"], "got several values of text: write"),
        (["figure", "text", "--text", "a", "--out", "x.eps"], ".html, a coloured text also as .tex; got .eps"),
        (["trace", "a", "--model", "no/such-model", "--out", "x"], "Use an embedded checkpoint"),
    ],
)
def test_wrong_input_ends_in_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    # A slow machine says before what the run will take.
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("gemma2-workbench: ")
    assert sentence in said[-1]
    assert len(said) < 4
