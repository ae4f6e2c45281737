"""What a reader saves: every format, with the record that the command line redraws to the same bytes."""

import json
import shlex
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gemma2_workbench import Trace, capture, contributions, lens, load, token_id, view_named
from gemma2_workbench.apps.cli import main
from gemma2_workbench.apps.explorer.components.mask.lessons import BOTH_SIDES, EARLIER
from gemma2_workbench.apps.explorer.tabs.mask import Lab
from gemma2_workbench.apps.page.download import EVERYTHING, FORMATS, PAGES, Taken, written
from gemma2_workbench.apps.page.session import Session

TEXT = "Anna met Bob. Later Anna met Bob"


@pytest.fixture(scope="module")
def trace() -> Trace:
    """A run whose lens follows a chosen token, as the lens tab keeps it."""
    loaded = load()
    trace = capture(loaded, TEXT)
    ids, token = trace.tokens.ids, token_id(loaded, " the")
    read = {"lens": lens(loaded, ids, token), "contributions": contributions(loaded, ids, token)}
    return replace(trace, readings={**trace.readings, **read})


@pytest.fixture
def attention(trace: Trace) -> Taken:
    return Taken(trace, view_named("attention"), {"layer": 1, "head": 2})


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind not in ("CSV", EVERYTHING)])
def test_a_saved_file_is_redrawn_to_the_same_bytes(attention: Taken, kind: str, capsys: Any) -> None:
    file = written(attention, "attention", kind, "ACL, column")
    assert main(["redraw", str(file)]) == 0
    assert f"{file.name}: same bytes" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "options"), [("lens", {"metric": "rank"}), ("contributions", {"position": 5})])
def test_the_followed_token_is_part_of_the_record(trace: Trace, name: str, options: Any, capsys: Any) -> None:
    file = written(Taken(trace, view_named(name), options, " the"), name, "SVG", "any, page")
    assert main(["redraw", str(file)]) == 0
    assert "same bytes" in capsys.readouterr().out


def test_everything_is_one_stable_archive_whose_parts_are_the_downloads(
    attention: Taken, tmp_path: Path, capsys: Any
) -> None:
    file = written(attention, "attention", EVERYTHING, "ACL, column")
    assert file.read_bytes() == written(attention, "attention", EVERYTHING, "ACL, column").read_bytes()
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    names = ["attention.csv", "attention.csv.json", "attention.figure.tex", "attention.pdf", "attention.pdf.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for kind in ("PDF", "CSV"):
        alone = written(attention, "attention", kind, "ACL, column")
        assert (tmp_path / alone.name).read_bytes() == alone.read_bytes()
        assert main(["redraw", str(tmp_path / f"{alone.name}.json")]) == 0
    assert capsys.readouterr().out.count("same bytes") == 2
    assert r"\includegraphics[width=\columnwidth]{attention.pdf}" in (tmp_path / "attention.figure.tex").read_text()


def test_the_venue_decides_the_width(attention: Taken, tmp_path: Path) -> None:
    for page, points in (("ACL, column", 3.03 * 72), ("ACL, page", 6.3 * 72), ("JMLR", 6 * 72)):
        svg = written(attention, "attention", "SVG", page).read_text()
        assert f'width="{points:g}pt"' in svg
    assert len({venue for venue, _ in PAGES.values()}) == 8


def test_the_command_in_the_record_is_the_one_of_the_tab(attention: Taken, tmp_path: Path, monkeypatch: Any) -> None:
    file = written(attention, "attention", "HTML", "any, page")
    text = file.read_text(encoding="utf-8").split('id="provenance">')[1].split("</script>")[0]
    command = json.loads(text)["command"]
    assert command.startswith(f"gemma2-workbench figure attention '--text={TEXT}' --model=tiny ")
    assert "--layer 1 --head 2 --stage attn_probs --width text --out attention.html" in command


MASKS = {
    "no run, left pads": (False, "positions", 9, 4, 0, EARLIER, 3, "left", "dynamic", 0, 0, 4, 0),
    "a static cache": (True, "positions", 12, 4, 1, EARLIER, 0, "left", "static", 4, 0, 4, 2),
    "a text, decoding": (True, "the text", 1, 4, 0, EARLIER, 2, "right", "dynamic", 3, 0, 4, 1),
    "both sides": (True, "the text", 1, 32, 0, BOTH_SIDES, 0, "left", "dynamic", 0, 0, 4, 0),
}


@pytest.mark.parametrize(("case", "kind"), [*zip(MASKS, ["PDF", "SVG", "HTML", "Parquet"], strict=True)])
def test_a_saved_mask_and_its_command_are_the_same_bytes(
    trace: Trace, case: str, kind: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    with_run, *values = MASKS[case]
    session = Session()
    run = session.store.add(trace) if with_run else ""
    shown = Lab(SimpleNamespace(session=session)).situation(run, *values)
    file = written(shown, "mask", kind, "ACL, column")
    assert main(["redraw", str(file)]) == 0
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile(written(shown, "mask", EVERYTHING, "ACL, column")) as archive:
        assert "mask.csv.json" in archive.namelist()
        assert "Situation: " in archive.read("mask.figure.tex").decode()
        command = json.loads(archive.read("mask.pdf.json"))["command"]
        assert main(shlex.split(command)[1:]) == 0
        assert Path("mask.pdf").read_bytes() == archive.read("mask.pdf")
    assert capsys.readouterr().out.startswith(f"{file.name}: same bytes")
