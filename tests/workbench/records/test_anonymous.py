"""Files for blind review name no folder, account or model of their author, and are drawn again all the same."""

import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from gemma2_workbench.apps.cli import main

AUTHOR = "jdoe-at-some-lab"
FIGURE = ["figure", "attention", "--layer", "1", "--head", "0"]
TABLE = ["table", "attention", "--layer", "1", "--head", "0"]
MASK = ["mask"]
FILES = {
    "a.pdf": FIGURE, "a.svg": FIGURE, "a.png": FIGURE, "a.html": FIGURE,
    "a.csv": TABLE, "a.parquet": TABLE, "a.tex": TABLE, "a.npz": TABLE, "a.safetensors": TABLE, "m.pdf": MASK,
}  # fmt: skip


@pytest.fixture(scope="module")
def twin(twin_folder: Callable[..., Path]) -> Path:
    return twin_folder()


@pytest.fixture
def folder(twin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model in a folder that names its author."""
    home = tmp_path / AUTHOR
    home.mkdir()
    model = home / "our-model"
    model.symlink_to(twin, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return model


def everything(path: Path) -> bytes:
    """All files beside `path`, with what is packed inside them."""
    data = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.stem}*") if file.is_file())
    streams = re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
    return data + b"".join(zlib.decompressobj().decompress(stream) for stream in streams if stream[:1] == b"x")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("record", ["anonymous", "none"])
def test_nothing_names_the_author(folder: Path, tmp_path: Path, name: str, record: str) -> None:
    out = tmp_path / record / name
    out.parent.mkdir()
    text = ["--text=ab ab"] if FILES[name] is not MASK else ["ab ab"]
    words = [*FILES[name], "--model", str(folder), "--record", record, "--out", str(out), *text]
    assert main(words) == 0
    found = everything(out)
    assert found
    for said in (AUTHOR, str(tmp_path), "our-model", Path.home().name if Path.home().name != "root" else AUTHOR):
        assert said.encode() not in found
    assert (out.with_name(f"{name}.json").exists()) == (record == "anonymous")


def test_an_anonymous_file_is_drawn_again_where_the_model_is(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "fig.pdf"
    assert main([*FIGURE, "--model", str(folder), "--record=anonymous", "--text=ab ab", "--out", str(out)]) == 0
    assert main(["redraw", str(out), "--model", str(folder)]) == 0


def test_without_the_model_the_way_is_said(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "fig.svg"
    assert main([*FIGURE, "--model", str(folder), "--record=anonymous", "--text=ab ab", "--out", str(out)]) == 0
    assert main(["redraw", str(out)]) != 0
    assert "anonymous" in capsys.readouterr().err
