"""Masks as files: the numbers of the masks, the width of the page, a record that draws the same bytes again."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from gemma2_workbench.apps.cli import main
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.model import Reason
from gemma2_workbench.records import record

TEXT = "-Anna met $x$ \\ Bob, and Bob met Anna"
BATCH = ["--window", "4", "--padding", "2", "--decode", "2"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return "".join(capsys.readouterr())


def test_the_table_holds_the_reasons_of_the_masks(here: Path) -> None:
    assert main(["mask", "--tokens", "9", *BATCH, "--out", "a.csv"]) == 0
    frame = pd.read_csv("a.csv")
    setting = Setting(9, 4, ("local", "global") * 3, padding=2, decode=2)
    for layer in (0, 1):
        for mask in layer_masks(setting, layer):
            rows = frame[(frame["layer"] == layer) & (frame["pass"] == mask.call.label)]
            found = rows.pivot(index="query", columns="key", values="reason")
            assert list(found.index) == list(mask.call.rows)
            assert list(found.columns) == list(mask.keys)
            names = [[Reason(code).name.lower() for code in row] for row in mask.reasons.tolist()]
            assert found.to_numpy().tolist() == names
    assert set(frame["layer"]) == {0, 1}
    assert set(frame["pass"]) == {"prefill 0–8", "decode 9", "decode 10"}


def test_panels_are_layer_kinds_and_passes_with_letters_on_a_page_of_the_venue(here: Path) -> None:
    words = ["mask", "--tokens", "9", *BATCH, "--venue", "acl", "--width", "text"]
    assert main([*words, "--out", "a.svg"]) == 0
    svg = Path("a.svg").read_text(encoding="utf-8")
    assert f'width="{6.3 * 72:g}pt"' in svg
    for letter, title in (("a", "local layer 0, prefill"), ("d", "global layer 1, decode 9")):
        assert f"({letter})" in svg
        assert title in svg
    for reason in ("visible", "hidden: future", "hidden: outside window", "hidden: padding"):
        assert reason in svg
    assert main([*words, "--dpi", "100", "--layer", "1", "--pass", "1", "--latex", "--out", "b.png"]) == 0
    with Image.open("b.png") as picture:
        assert picture.width == 630
    source = Path("b.figure.tex").read_text()
    assert "Mask of layer 1 (global), decode 9 (modified model: window 4 instead of tiny's 32)" in source
    assert "9 tokens + 2 pads (left), window 4, dynamic cache, 3 passes" in source
    assert "Model: tiny, configuration; no weights" in source


@pytest.mark.parametrize(
    "words",
    [
        [*BATCH, "--out", "a.pdf", "--", TEXT],
        ["--tokens", "7", "--window", "3", "--layer", "4", "--title", "--out", "a.png", "--", TEXT],
        ["--model", "tiny-ner", "--padding", "1", "--side", "right", "--dark", "--out", "a.html", "--", TEXT],
        ["--causal", "off", "--window", "2", "--columns", "1", "--width", "4.5", "--out", "a.svg"],
        ["--layers", "global", "local", "--window", "2", "--cache", "static", "--slots", "14", "--out", "a.parquet"],
        ["--chunk", "4", "--cache", "none", "--pass", "2", "--out", "a.tex"],
        ["--out", "a.csv"],
    ],
    ids=lambda words: next(word for word in words if word.startswith("a.")),
)
def test_every_file_and_its_command_draw_the_same_bytes(words: list[str], here: Path, makes_again: Any) -> None:
    assert main(["mask", *words]) == 0
    name = next(word for word in words if word.startswith("a."))
    makes_again("mask", name)


def test_the_record_says_what_was_read(here: Path) -> None:
    assert main(["mask", "the cat", "--window", "2", "--out", "a.csv"]) == 0
    known = json.loads(Path("a.csv.json").read_text())
    assert known["model"] == {
        "name": "tiny",
        "source": "embedded:tiny",
        "revision": None,
        "window": 32,
        "causal": True,
        "read": "configuration and tokenizer; no weights, a mask does not depend on them",
    }
    assert (known["text"], known["names"][0], len(known["ids"])) == ("the cat", "<bos>", known["setting"]["tokens"])
    assert known["changes"] == ["window 2 instead of tiny's 32"]
    assert known["setting"]["layers"] == ["local", "global"] * 3


def test_another_configuration_text_or_version_is_named(here: Path, twin_folder: Any, monkeypatch: Any, capsys: Any):
    folder = twin_folder()
    assert main(["mask", "the cat", "--model", str(folder), "--window", "2", "--out", "a.csv"]) == 0
    sidecar = json.loads(Path("a.csv.json").read_text())
    Path("a.csv.json").write_text(json.dumps(sidecar | {"text": "the cat sat"}))
    assert main(["redraw", "a.csv.json"]) == 1
    assert "the record says otherwise: command: " in said(capsys)
    config = json.loads((folder / "config.json").read_text())
    kinds = {"layer_types": ["full_attention"] * 4, "sliding_window": 9}
    (folder / "config.json").write_text(json.dumps(config | kinds))
    Path("a.csv.json").write_text(json.dumps(sidecar | {"layers": [0]}))
    assert main(["redraw", "a.csv.json"]) == 1
    words = said(capsys)
    assert "layers of the model: then local global local global, now global global global global" in words
    assert "window of the model: then 7, now none" in words
    # Without the model, the record alone is drawn.
    Path("a.csv.json").write_text(json.dumps(sidecar))
    folder.rename(here / "moved")
    assert main(["redraw", "a.csv.json"]) == 0
    assert "is not here: its layers and tokens are those of the record, unchecked" in said(capsys)
    then = record.versions()
    monkeypatch.setattr(record, "versions", lambda: then | {"pandas": "99.1"})
    assert main(["redraw", "a.csv.json"]) == 0
    assert f"the record says otherwise: version of pandas: then {then['pandas']}, now 99.1" in said(capsys)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--dpi", "90"], "--dpi is of a file; give --out as well"),
        (["--pass", "0"], "--pass is of a file; give --out as well"),
        (["--width", "text"], "--width text is not a number of columns to print"),
        (["--out", "a.npz"], "masks are saved as a figure (.pdf, .svg, .png, .html) or as a table (.csv, .parquet"),
        (["--out", "a.pdf", "--json"], "--json is printed; leave it or --out out"),
        (["--out", "a.csv", "--venue", "acl"], "--venue is of a figure, and a.csv is a table; leave it out"),
        (["--out", "a.svg", "--latex"], "LaTeX includes .pdf and .png"),
        (["--out", "a.svg", "--width", "4x"], "--width 4x is not allowed; give single, text, double or a length"),
        (["--out", "missing/a.svg"], "the folder missing does not exist"),
        (["--out", "a.svg", "--layer", "9"], "layer 9 does not exist; allowed: 0..5"),
        (["--out", "a.svg", "--pass", "1"], "pass 1 does not exist; allowed: 0..0"),
        (["--out", "a.svg", "--tokens", "30", "--decode", "13"], "at most 26 panels, (a) to (z); these are 28"),
        (["--out", "a.svg", "--cache", "static", "--slots", "9999"], "9999 slots are too many for a picture"),
        (["--out", "a.csv", "--tokens", "1000", "--decode", "99", "--cache", "none"], "cells are too many"),
        (["--layers", "local"], "give --window"),
        (["--layers", "local", "--window", "2", "--model", "tiny"], "leave out --model and the text"),
        (["--model", "no/such"], "there is no model 'no/such' here. Use an embedded checkpoint (tiny"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words: list[str], sentence: str, here: Path, capsys: Any) -> None:
    assert main(["mask", *words]) == 2
    assert sentence in said(capsys)
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "film"}, "'kind' is none of 'pair', 'mask', 'reason', "),
        ({"layers": [7]}, "layer 7 does not exist"),
        ({"layers": ["0"]}, "changed or cut off"),
        ({"passes": []}, "'passes': list should have at least 1 item"),
        ({"names": ["a"]}, "there are 3 ids for 1 names"),
        ({"setting": {"tokens": 3}}, "'setting.window' is missing"),
        ({"model": {"name": "tiny"}}, "'model.source' is missing"),
    ],
)
def test_an_odd_record_of_masks_is_refused(changes: dict[str, Any], sentence: str, here: Path, capsys: Any) -> None:
    assert main(["mask", "the cat", "--out", "a.csv"]) == 0
    odd = json.loads(Path("a.csv.json").read_text()) | changes
    Path("a.csv.json").write_text(json.dumps(odd))
    assert main(["redraw", "a.csv.json"]) == 2
    assert sentence in said(capsys)
