"""Names of models that lead nowhere: one sentence each, and what looks like a path is never asked from the hub."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gemma2_workbench import ModelNotFoundError, embedded, load
from gemma2_workbench.apps.cli import main
from gemma2_workbench.masks.origin import configured


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the hub was asked for; it answers that it cannot be reached."""
    names: list[str] = []

    def unreachable(name: str, **_: object) -> None:
        names.append(name)
        raise OSError("no connection\nand a second line")

    monkeypatch.setattr("gemma2_workbench.models.reading.names.snapshot_download", unreachable)
    return names


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home and working folder, with a file and a folder in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "notes").write_text("x")
    return tmp_path


# name -> words of the sentence
PATHS = {
    "~/none": "there is no folder '~/none'",
    "~nobody-of-this-name/none": "there is no folder",
    "./none": "there is no folder './none'",
    "../none": "there is no folder",
    "/none/at/all": "there is no folder '/none/at/all'",
    "a/b/c": "there is no folder 'a/b/c'",
    "models/none": "there is no folder 'models/none'",
    "owner/name/": "there is no folder 'owner/name/'",
    "C:\\models\\gemma": "there is no folder",
    "some\\where": "there is no folder",
    "gemma/model.safetensors": "there is no folder 'gemma/model.safetensors'",
    "gemma-2-2b.Q4_K_M.gguf": "there is no folder",
    "owner/gemma.GGUF": "there is no folder",
    "notes": "notes is a file; give the folder that holds it",
    "models": "there is no config.json in models",
    "~/notes": "is a file",
    ".": "there is no config.json",
    "~": "there is no config.json",
    "./nul\0l": "there is no folder",
    "/" + "long" * 2000: r"there is no folder .*\(8001 characters\)",
    "./caf\udce9": "there is no folder",
    "./two\nlines": "there is no folder",
}
IDS = {
    "": "a hub id is written owner/name",
    " ": "a hub id is written owner/name",
    "nosuch": "there is no folder 'nosuch', and a hub id is written owner/name",
    "a b/c": "a hub id is written owner/name",
    "owner/na--me": "a hub id is written owner/name",
    "owner/ünïcode": "a hub id is written owner/name",
    "/": "there is no config.json in /",
    "x" * 500: "a hub id is written owner/name",
    "owner/" + "x" * 500: "a hub id is written owner/name",
    "caf\udce9": "a hub id is written owner/name",
}


@pytest.mark.parametrize("find", [load, configured])
@pytest.mark.parametrize("name", PATHS | IDS, ids=lambda name: ascii(name)[:40])
def test_a_name_that_leads_nowhere(find: Callable[[str], object], name: str, home: Path, asked: list[str]) -> None:
    with pytest.raises(ModelNotFoundError, match=(PATHS | IDS)[name]) as caught:
        find(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 1000
    assert not asked


def test_a_hub_id_is_asked_once_and_the_answer_is_one_line(asked: list[str], home: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="no model 'google/gemma-2-2b' here.*Reason: no connection$"):
        load("google/gemma-2-2b")
    assert asked == ["google/gemma-2-2b"]


def test_the_home_folder_is_meant_by_a_tilde(home: Path) -> None:
    os.symlink(embedded()["tiny"], home / "mine")
    assert load("~/mine").source == str(home / "mine")
    assert configured("~/mine").origin.source == str(home / "mine")


def test_a_file_inside_a_checkpoint_names_its_folder(home: Path) -> None:
    file = embedded()["tiny"] / "model.safetensors"
    with pytest.raises(ModelNotFoundError, match=f"is a file; give the folder that holds it, {file.parent}$"):
        load(file)


def test_an_adapter_and_a_folder_of_gguf(home: Path) -> None:
    (home / "models" / "adapter_config.json").write_text('{"base_model_name_or_path": "google/gemma-2-2b"}')
    with pytest.raises(
        ModelNotFoundError, match="models holds an adapter whose base model cannot be opened: there is no model"
    ):
        load("models")
    (home / "models" / "adapter_config.json").rename(home / "models" / "gemma-Q4.gguf")
    with pytest.raises(ModelNotFoundError, match="gemma-Q4.gguf cannot be read as a GGUF file"):
        load("models")


@pytest.mark.parametrize("command", [["trace", "hi", "--out", "a.safetensors"], ["classify", "hi"], ["mask", "hi"]])
def test_a_command_says_it_in_one_line(command: list[str], home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--model", "~/none"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gemma2-workbench: there is no folder '~/none'; give an existing one")
