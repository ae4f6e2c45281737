"""Files are written whole or not at all, through links, with the usual permissions, and only where files can be."""

import errno
import os
import resource
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from gemma2_workbench import capture, load
from gemma2_workbench.apps.cli import main
from gemma2_workbench.atomic import checked_target, filling, make_folder, replacing, write, write_all
from gemma2_workbench.export import export
from gemma2_workbench.traces.file import load_trace, save_trace

OLD = "what was there"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that must survive."""
    path = tmp_path / "old.csv"
    path.write_text(OLD)
    return path


@contextmanager
def small_disk(size: int = 4096) -> Iterator[None]:
    """No file can grow beyond `size` bytes, whoever writes it: the real error of the system, as of a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def socket_file(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # names of sockets are short
        made.bind(path.name)
        os.chdir(here)


def folder(path: Path) -> None:
    path.mkdir()


def read_only(path: Path) -> None:
    path.write_text(OLD)
    path.chmod(0o444)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def link_to_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


BAD_TARGETS: list[tuple[Callable[[Path], None], str]] = [
    (fifo, "out.csv is a pipe, and only files are written"),
    (socket_file, "out.csv is a socket, and only files are written"),
    (folder, "out.csv is a folder; name a file"),
    (read_only, "out.csv is read-only; make it writable"),
    (loop, "out.csv cannot be written: it is a link that leads to itself"),
    (link_to_pipe, "out.csv is a pipe, and only files are written"),
]


@pytest.mark.parametrize(("prepare", "sentence"), BAD_TARGETS, ids=[case[0].__name__ for case in BAD_TARGETS])
def test_only_regular_files_are_replaced(tmp_path: Path, prepare: Callable[[Path], None], sentence: str) -> None:
    target = tmp_path / "out.csv"
    prepare(target)
    before = {path.name: path.lstat().st_mode for path in tmp_path.iterdir()}
    with pytest.raises(OSError, match="out.csv") as refused:
        write(target, "new")
    assert sentence in str(refused.value)
    assert {path.name: path.lstat().st_mode for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing/out.csv", "missing does not exist; make it first"),
        ("old.csv/out.csv", "old.csv is a file, no folder"),
        ("x" * 300, "its name is too long; choose a shorter one"),
        ("", "is a folder; name a file"),
    ],
)
def test_names_that_cannot_be_are_told_in_one_sentence(old: Path, name: str, sentence: str) -> None:
    with pytest.raises(OSError, match="[a-z]") as refused:
        checked_target(old.parent / name)
    assert sentence in str(refused.value)
    assert "[Errno" not in str(refused.value)
    assert [path.name for path in old.parent.iterdir()] == ["old.csv"]
    with pytest.raises(ValueError, match="null character"):
        checked_target(old.parent / "a\0b")


def test_links_stay_and_their_targets_are_written(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    for target in ("far/there.csv", "far/new.csv"):
        link = tmp_path / f"link-{Path(target).name}"
        link.symlink_to(target)
        if "there" in target:
            (tmp_path / target).write_text(OLD)
        export(pd.DataFrame({"a": [1]}), link)
        assert link.is_symlink()
        assert (tmp_path / target).read_text() == "a\n1\n"
    assert len(list(tmp_path.rglob("*"))) == 5


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_permissions_are_the_usual_ones_and_those_of_an_old_file_stay(old: Path, mask: int) -> None:
    old.chmod(0o640)
    before = os.umask(mask)
    try:
        write(old, "new")
        write(old.parent / "new.csv", "new")
        with replacing(old.parent / "new.safetensors") as part:
            save_file({"x": torch.zeros(3)}, part)  # by itself it would be readable by its owner alone
        with filling(old.parent / "model") as part:
            save_file({"x": torch.zeros(3)}, part / "model.safetensors")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in old.parent.rglob("*.*")}
    usual = 0o666 & ~mask
    assert modes == {"old.csv": 0o640, "new.csv": usual, "new.safetensors": usual, "model.safetensors": usual}


def save_torch(path: Path) -> None:
    with replacing(path) as part:
        torch.save({"x": torch.zeros(10_000)}, part)


def save_tensors(path: Path) -> None:
    with replacing(path) as part:
        save_file({"x": torch.zeros(10_000)}, part)


@pytest.mark.parametrize("save", [save_torch, save_tensors, lambda path: write(path, b"x" * 10_000)])
def test_no_room_leaves_the_old_file(old: Path, save: Callable[[Path], None]) -> None:
    with small_disk(), pytest.raises(OSError, match=r"old\.csv cannot be written: it ") as refused:
        save(old)
    assert "\n" not in str(refused.value)
    assert old.read_text() == OLD
    assert list(old.parent.iterdir()) == [old]


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(errno.ENOSPC, "full"), SystemExit(1)])
def test_files_that_belong_together_are_written_together(
    old: Path, stop: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.write_bytes

    def failing(self: Path, data: bytes) -> int:
        if data == b"second":
            real(self, b"sec")
            raise stop
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(type(stop)):
        write_all({old: "first", old.with_suffix(".json"): "second"})
    assert old.read_text() == OLD
    assert list(old.parent.iterdir()) == [old]


def test_a_folder_is_filled_at_the_end_and_its_main_file_last(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    real = Path.replace
    monkeypatch.setattr(Path, "replace", lambda self, to: (moved.append(Path(to).name), real(self, to))[1])

    def stopped() -> None:
        with filling(old.parent) as part:
            (part / "old.csv").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert old.read_text() == OLD
    assert list(old.parent.iterdir()) == [old]
    with filling(old.parent) as part:
        for name in ("config.json", "old.csv", "sub/weights"):
            make_folder((part / name).parent)
            (part / name).write_text("new")
    assert sorted(moved) == ["config.json", "old.csv", "weights"]
    assert moved[-1] == "config.json"
    with pytest.raises(NotADirectoryError, match=r"old\.csv is a file; name a folder"):
        make_folder(old)


COMMANDS = [
    ["trace", "Anna", "--out"],
    ["table", "atlas", "--text", "Anna", "--out"],
    ["mask", "--out"],
    ["heads", "--out"],
    ["patch", "Anna met Bob", "Anna met Tom", "--out"],
    ["why", "Anna met Bob", "--out"],
    ["classify", "Anna met Bob", "--format", "csv", "--out"],
    ["evaluate", "examples/data/places.conll", "--predictions"],
]


LOADERS = ("", "apps.cli.model.", "apps.cli.compare.", "records.again.", "masks.origin.", "models.loading.")


@pytest.mark.parametrize("words", COMMANDS, ids=[words[0] for words in COMMANDS])
def test_every_command_refuses_a_target_before_it_works(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where it is defined last: the others would keep what they find when they are first imported.
    for place in LOADERS:
        monkeypatch.setattr(f"gemma2_workbench.{place}load", lambda *_, **__: pytest.fail("a model was loaded"))
    fifo(tmp_path / "out.csv")
    assert main([*words, str(tmp_path / "out.csv")]) == 2
    said = capsys.readouterr()
    assert "out.csv is a pipe, and only files are written" in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("name", ["old.csv.json", "old.figure.tex"])
def test_what_goes_beside_a_file_is_checked_too(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: Path
) -> None:
    fifo(tmp_path / name)
    out, words = (old, ["table"]) if name.endswith("json") else (tmp_path / "old.pdf", ["figure", "--latex"])
    assert main([words[0], "atlas", "--text", "Anna", *words[1:], "--out", str(out)]) == 2
    assert f"{name} is a pipe" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["old.csv", name])
    assert old.read_text() == OLD


def test_a_trace_that_finds_no_room_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_disk():
        assert main(["trace", "Anna met Bob", "--out", str(tmp_path / "run.safetensors")]) == 2
    assert capsys.readouterr().err.endswith("it would be larger than a file may be here; save less, or elsewhere\n")
    assert not list(tmp_path.iterdir())


def test_an_old_trace_is_there_until_the_new_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = capture(load(), "Anna", parity=False)
    path = Path(save_trace(trace, tmp_path / "run.safetensors"))

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gemma2_workbench.traces.file.save_file", stopped)
    with pytest.raises(KeyboardInterrupt):
        save_trace(trace, path)
    assert load_trace(path) == trace
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_the_record_cannot_hold_is_refused_before_any_work(tmp_path: Path) -> None:
    name = tmp_path / os.fsdecode(b"caf\xe9.csv")
    with pytest.raises(ValueError, match="no UTF-8 name, and the record"):
        export(pd.DataFrame({"a": [1]}), name, provenance={"a": 1})
    assert not list(tmp_path.iterdir())
    assert export(pd.DataFrame({"a": [1]}), name).exists()
