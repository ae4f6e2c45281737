"""Redrawing: the same bytes in another process, or a sentence that says what differs; nothing is overwritten."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from gemma2_workbench.apps.cli import main
from gemma2_workbench.records import again, record

TEXT = "Anna met Bob. Later Anna met Bob"
VIEW = ["attention", "--layer", "1", "--head", "2"]
# What another process does: the same figure, and a redrawing of the one that was made here.
ELSEWHERE = """
import sys
from gemma2_workbench.apps.cli import main
sys.exit(main(sys.argv[2:]) or main(["redraw", sys.argv[1]]))
"""


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return "".join(capsys.readouterr())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_another_process_draws_and_redraws_the_same_bytes(here: Path) -> None:
    (here / "other").mkdir()
    words = ["figure", *VIEW, "--text", TEXT, "--venue", "acl", "--out", "fig.pdf"]
    assert main(words) == 0
    made = (here / "fig.pdf").read_bytes()
    # Another seed of hashes, another folder.
    run = [sys.executable, "-c", ELSEWHERE, str(here / "fig.pdf.json"), *words]
    seed = {"PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    done = subprocess.run(run, cwd=here / "other", env=os.environ | seed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "fig.pdf: same bytes (sha256 " in done.stdout
    assert (here / "other" / "fig.pdf").read_bytes() == made
    assert (here / "other" / "fig.pdf.json").read_bytes() == (here / "fig.pdf.json").read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ["figure", "attention", "--layer", "0", "3", "--head", "1", "--dpi", "72", "--title", "--out", "a.png"],
        ["figure", "atlas", "--metric", "entropy", "induction", "--softcap", "5", "--dark", "--out", "a.html"],
        ["figure", "attention", "--text", "Bob met Anna", "--rows", "0:3", "--width", "4.5", "--out", "a.svg"],
        ["figure", "contributions", "--token", " the", "--position", "2", "--ablate", "1.2", "--out", "a.pdf"],
        ["figure", "text", "--layer", "1", "--key", "0", "--out", "a.tex"],
        ["table", "cell", "--layer", "1", "--window", "off", "--out", "a.parquet"],
        ["table", "attention", "--layer", "0", "1", "--head", "2", "--causal", "off", "--out", "a.npz"],
        ["table", "mask", "--out", "a.csv"],
    ],
    ids=lambda words: " ".join(words[:2]) + words[-1],
)
def test_every_kind_of_file_comes_out_the_same(words: list[str], here: Path, capsys: Any) -> None:
    assert main([*words, "--text", TEXT]) == 0
    before = {file.name: file.read_bytes() for file in here.iterdir()}
    copy = words[-1].replace("a", "b", 1)
    assert main(["redraw", f"{words[-1]}.json", "--out", copy]) == 0
    assert f"{copy}: same bytes" in said(capsys)
    after = {file.name: file.read_bytes() for file in here.iterdir()}
    assert after == before | {copy: before[words[-1]], f"{copy}.json": before[f"{words[-1]}.json"]}


def test_nothing_is_written_unless_asked(here: Path) -> None:
    assert main(["table", "mask", "--text", "a", "--out", "a.csv"]) == 0
    Path("a.csv").write_text("changed by hand")
    before = {file: file.read_bytes() for file in here.iterdir()}
    assert main(["redraw", "a.csv.json"]) == 1
    assert {file: file.read_bytes() for file in here.iterdir()} == before


def test_other_weights_are_named(here: Path, twin_folder: Callable[..., Path], capsys: Any) -> None:
    folder = twin_folder()
    assert main(["table", *VIEW, "--text", TEXT, "--model", str(folder), "--out", "a.csv"]) == 0
    weights = load_file(folder / "model.safetensors")
    weights["model.embed_tokens.weight"] *= 1.1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert main(["redraw", "a.csv.json"]) == 1
    sentence = said(capsys)
    assert "a.csv: other bytes. What differs: weights (sha256): then " in sentence
    assert "numbers: other values" in sentence


def test_the_same_weights_elsewhere_are_the_same_model(
    here: Path, twin_folder: Callable[..., Path], capsys: Any
) -> None:
    folder = twin_folder()
    assert main(["figure", *VIEW, "--text", TEXT, "--model", str(folder), "--out", "a.svg"]) == 0
    folder.rename(here / "moved")
    assert main(["redraw", "a.svg.json"]) == 2
    assert main(["redraw", "a.svg.json", "--model", str(here / "moved")]) == 0


def test_another_version_is_named_and_the_picture_told_apart_from_it(here: Path, monkeypatch: Any, capsys: Any) -> None:
    assert main(["figure", *VIEW, "--text", TEXT, "--out", "a.svg"]) == 0
    then = record.versions()
    monkeypatch.setattr(record, "versions", lambda: then | {"torch": "99.1"})
    assert main(["redraw", "a.svg"]) == 1
    sentence = said(capsys)
    assert f"What differs: version of torch: then {then['torch']}, now 99.1\n" in sentence
    assert "with the old record inside, the bytes are the same" in sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": "Anna met Bob. Later Anna met Tom"}, "other bytes. What differs: token ids: "),
        ({"text": "Anna"}, "a.csv cannot be drawn again: its text has 4 tokens now and had 16 then"),
        ({"ids": [2, 3]}, "the record says otherwise: token ids: 2 then, 16 now"),
        ({"ids": [2, 7]}, "token ids"),
        ({"numbers": {"rows": 1, "sha256": "0" * 64}}, "the record says otherwise: numbers: 1 rows then, 256 now"),
        ({"sha256": "0" * 64}, "other bytes. What differs: neither model, text, numbers nor versions"),
        ({"sha256": "0" * 64}, "a.csv is not the file that the record speaks of"),
        ({"options": {"layer": 9, "head": 2, "stage": "attn_probs", "rows": "0:2", "keys": "0:2"}}, "allowed: 0..5"),
        ({"overrides": [{"kind": "AblateHead", "layer": 9, "head": 0}]}, "'sentence' is missing"),
        ({"overrides": [{"kind": "AblateHead", "layer": 9, "head": 0, "sentence": ""}]}, "layer 9 does not exist"),
        ({"overrides": [{"kind": "AblateHead", "layer": 0, "head": 0, "sentence": ""}]}, "numbers: other values"),
    ],
)
def test_a_changed_record_is_noticed(changes: dict[str, Any], sentence: str, here: Path, capsys: Any) -> None:
    assert main(["table", *VIEW, "--text", TEXT, "--out", "a.csv"]) == 0
    sidecar = json.loads(Path("a.csv.json").read_text())
    Path("a.csv.json").write_text(json.dumps(sidecar | changes))
    main(["redraw", "a.csv.json"])
    words = said(capsys)
    assert sentence in words
    assert "Traceback" not in words


def test_a_device_that_is_not_here_is_named(here: Path, capsys: Any) -> None:
    assert main(["table", "mask", "--text", "a", "--out", "a.csv"]) == 0
    sidecar = json.loads(Path("a.csv.json").read_text())
    sidecar["model"]["device"] = "quantum:0"
    Path("a.csv.json").write_text(json.dumps(sidecar))
    assert main(["redraw", "a.csv.json"]) == 1
    assert "the record says otherwise: device: then quantum:0, now cpu" in said(capsys)


def test_a_trace_is_taken_if_it_is_the_one_and_else_the_text_runs_again(
    here: Path, monkeypatch: Any, capsys: Any
) -> None:
    assert main(["trace", TEXT, "--out", "run.safetensors", "--softcap", "5"]) == 0
    assert main(["trace", "another text", "--out", "other.safetensors"]) == 0
    assert main(["figure", *VIEW, "--trace", "run.safetensors", "--out", "a.svg"]) == 0
    known = json.loads(Path("a.svg.json").read_text())
    assert known["trace"]["name"] == "run.safetensors"
    assert "modified model: attention softcap 5" in Path("a.svg").read_text()
    assert main(["redraw", "a.svg"]) == 0
    assert "the text was run again, because no --trace was given" in said(capsys)
    assert main(["redraw", "a.svg", "--trace", "other.safetensors"]) == 2
    assert "other.safetensors is not the trace of the record" in said(capsys)
    monkeypatch.setattr(again, "load", None)  # with the trace no model is needed
    assert main(["redraw", "a.svg", "--trace", "run.safetensors"]) == 0
    assert "same bytes" in said(capsys)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["redraw", "a.csv.json", "--out", "b.parquet"], "the record is of a .csv file; 'b.parquet' must end so"),
        (["redraw", "a.csv.json", "--out", "missing/b.csv"], "the folder missing does not exist"),
        (["redraw", "a.csv.json", "--trace", "a", "b"], "the record is of 1 runs; give --trace so many files"),
        (["redraw", "a.csv.json", "--trace", "a", "--model", "tiny"], "--trace takes the place of running the text"),
        (["redraw", "a.csv.json", "--trace", "none"], "there is no trace file none"),
        (["redraw", "a.csv.json", "--model", "no/such-model"], "Use an embedded checkpoint"),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], sentence: str, here: Path, capsys: Any) -> None:
    assert main(["table", "mask", "--text", "a", "--out", "a.csv"]) == 0
    assert main(words) == 2
    assert sentence in said(capsys)


@pytest.mark.parametrize(
    ("name", "same"), [("seen.csv", True), ("masks.csv", True), ("maps.tex", False), ("why.html", False)]
)
def test_what_version_0_1_0_wrote_is_redrawn(name: str, same: bool, here: Path, capsys: Any) -> None:
    """Whole numbers come out the same everywhere; others as far as this machine computes them alike."""
    shutil.copy(Path(__file__).parent / "made_by_0_1_0" / f"{name}.json", here)
    assert main(["redraw", f"{name}.json"]) in ((0,) if same else (0, 1))
    assert f"{name}: {'same bytes' if same else ''}" in said(capsys)
