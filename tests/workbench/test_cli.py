"""The command line does the same jobs, without gradio."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from workbench import Trace
from workbench.cli import main

TEXT = "The President of the United States and the President"


def test_trace_then_figure_and_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run.safetensors"
    assert main(["trace", TEXT, "--out", str(run)]) == 0
    assert "equal to transformers" in capsys.readouterr().out
    assert Trace.load(run).tokens.text == TEXT
    assert main(["table", "atlas", "--trace", str(run), "--out", str(tmp_path / "atlas.csv")]) == 0
    assert len(pd.read_csv(tmp_path / "atlas.csv")) == 6 * 6 * 6
    arguments = ["--layer", "1", "--head", "2", "--venue", "acl", "--out", str(tmp_path / "fig.pdf")]
    assert main(["figure", "attention", "--trace", str(run), *arguments]) == 0
    assert (tmp_path / "fig.pdf").read_bytes().startswith(b"%PDF")


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
        (["trace", "a", "--model", "no/such-model", "--out", "x"], "Use an embedded checkpoint"),
    ],
)
def test_wrong_input_ends_in_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("gemma2-workbench: ")
    assert sentence in said
    assert "Traceback" not in said
