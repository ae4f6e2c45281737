"""What Python saves is what the command line saves, to the same bytes, and can be drawn again."""

import json
from pathlib import Path

import pandas as pd
import pytest

from gemma2_workbench import LoadedModel, capture, save_figure, save_table
from gemma2_workbench.apps.cli import main

TEXT = "Anna met Bob. Later Anna met Bob"


def test_figures_and_tables_are_those_of_the_commands(loaded: LoadedModel, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    trace = capture(loaded, TEXT)
    ours = save_figure("attention", trace, "a.svg", venue="acl", layer=[1, 5], head=2).read_bytes()
    record = json.loads(Path("a.svg.json").read_text())
    flags = ["--layer", "1", "5", "--head", "2", "--venue", "acl", "--out", "a.svg"]
    assert main(["figure", "attention", "--text", TEXT, *flags]) == 0
    assert Path("a.svg").read_bytes() == ours
    assert json.loads(Path("a.svg.json").read_text()) == record
    assert main(["redraw", "a.svg"]) == 0
    save_table("atlas", [trace, trace], "b.csv", metric="entropy")
    assert len(pd.read_csv("b.csv")) == 2 * 36


def test_what_cannot_be_saved_is_said(loaded: LoadedModel, tmp_path: Path) -> None:
    trace = capture(loaded, "Hello", parity=False)
    with pytest.raises(ValueError, match="there is no view 'atlases'"):
        save_figure("atlases", trace, tmp_path / "a.pdf")
    with pytest.raises(ValueError, match="has no option 'heat'"):
        save_figure("atlas", trace, tmp_path / "a.pdf", heat=3)
    with pytest.raises(ValueError, match=r"a figure is saved as \.pdf"):
        save_figure("atlas", trace, tmp_path / "a.csv")
