"""However a command ends, it is one line and the right exit code: ctrl-c, closed pipes, no memory, the unforeseen."""

import errno
import os
import signal
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

from gemma2_workbench.apps.cli import ending, main
from gemma2_workbench.apps.cli.ending import ended, take_signals
from gemma2_workbench.starting import Stopped

ALLOCATION = "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
ENDS = [
    (KeyboardInterrupt(), 130, "stopped"),
    (Stopped("stopped: 3 of 9 are kept", signal.SIGTERM), 143, "stopped: 3 of 9 are kept"),
    (Stopped("stopped after 3 of 6 steps; --resume goes on"), 130, "stopped after 3 of 6 steps; --resume goes on"),
    (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
    (ValueError("a sentence\n\n  of two lines"), 2, "a sentence of two lines"),
    (PermissionError(errno.EACCES, "Permission denied", "a/b.csv"), 2, "a/b.csv: Permission denied"),
    (OSError(errno.ENOSPC, "No space left", "a/b.csv"), 2, "a/b.csv cannot be written: there is no room left on its"),
    (OSError("only a sentence"), 2, "only a sentence"),
    (RuntimeError(f"{ALLOCATION}allocate 4000000000000 bytes. Error code 12"), 2, "memory: 4000000000000 bytes were"),
    (MemoryError(), 2, "there is not enough memory; take a shorter text"),
    (MemoryError("the text needs 7 GB; shorten it"), 2, "the text needs 7 GB; shorten it"),
    (RecursionError("maximum recursion depth exceeded"), 2, "nested too deeply"),
    (UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates not allowed"), 2, "is not valid UTF-8"),
    (OverflowError("int too big to convert"), 2, "too large (int too big to convert); give a smaller one"),
    (KeyError("x"), 70, "KeyError: 'x'. This is a fault of the workbench"),
    (ValueError(), 70, "ValueError: . This is a fault"),
]


@pytest.mark.parametrize(("error", "code", "sentence"), ENDS, ids=[type(case[0]).__name__ for case in ENDS])
def test_every_end_has_its_code_and_one_line(
    error: BaseException, code: int, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_options: object) -> int:
        raise error

    monkeypatch.setattr("gemma2_workbench.apps.cli.models.run", fail)
    assert main(["models"]) == code
    said = capsys.readouterr().err
    assert said.count("\n") == bool(sentence)
    assert sentence in said
    assert said.startswith("gemma2-workbench: " if sentence else "")


def test_a_traceback_is_there_for_who_asks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GEMMA2_WORKBENCH_DEBUG", "1")
    assert ended(KeyError("x")) == 70
    assert "KeyError: 'x'\ngemma2-workbench: KeyError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["trace", "Anna"], "the following arguments are required: --out; see gemma2-workbench trace --help"),
        (
            ["figure", "atlas", "--text", "a", "--out", "x.pdf", "--dpi", "x"],
            "argument --dpi: 'x' must be a whole number",
        ),
        (["trace", "a", "--out=x", "--bogus=a\nb"], "unrecognized arguments: --bogus=a b; see"),
        (["nothing"], "argument COMMAND: invalid choice: 'nothing'"),
        ([], "the following arguments are required: COMMAND; see gemma2-workbench --help"),
    ],
)
def test_wrong_flags_are_one_line(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    said = capsys.readouterr().err
    assert (end.value.code, said.count("\n")) == (2, 1)
    assert sentence in said


def test_two_dashes_are_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "Anna", "--out=--"]) == 2
    assert capsys.readouterr().err == (
        "gemma2-workbench: --out has no value; two dashes stand before a text, as in: -- TEXT\n"
    )


# A signal comes when torch is looked for, long before any command runs.
LOADING = """
import os, signal, sys
sys.argv = ["/bin/gemma2-workbench", "trace", "Anna", "--out", "run.safetensors"]
class Finder:
    def find_spec(self, name, *_):
        if name == "torch":
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Finder())
from gemma2_workbench.apps.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_modules_load_is_one_line(number: int, code: int) -> None:
    loading = LOADING.replace("{number}", str(int(number)))
    ended = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", "gemma2-workbench: stopped\n")


def test_sigterm_ends_as_ctrl_c_does_and_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_came", deque(maxlen=1))
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        take_signals()
        with pytest.raises(Stopped) as end:
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)  # what `timeout` sends again takes nothing from what is being written
        made_of_it = ending.ending(ValueError("a library's own"))
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert ending.ending(end.value) == made_of_it == (143, "stopped")


def test_nobody_reads() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "gemma2_workbench.apps.cli", "models"]
    ended = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_a_page_stops_at_once_and_leaves_no_files_of_its_own_or_of_the_dead(tmp_path: Path) -> None:
    dead, alive = tmp_path / "gemma2-workbench-dead", tmp_path / "gemma2-notes"
    for folder in (dead, alive):
        (folder / "trace").mkdir(parents=True)
    (tmp_path / "gemma2-workbench-dead.lock").touch()
    command = [sys.executable, "-m", "gemma2_workbench.apps.cli", "app"]
    surroundings = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True, env=surroundings) as page:
        assert page.stdout is not None
        assert "http" in page.stdout.readline()
        assert not dead.exists()
        assert list(tmp_path.glob("gemma2-workbench-*/page-*"))
        page.send_signal(signal.SIGINT)
        try:
            said = page.communicate(timeout=60)[1].splitlines()
        finally:
            page.kill()
        assert said[-1] == "gemma2-workbench: stopped"
        assert [line.split()[0] for line in said[:-1]] == ["models"]  # what the server keeps, said at its start
    assert page.returncode == 130
    assert not list(tmp_path.glob("gemma2-workbench-*"))
    assert alive.exists()
