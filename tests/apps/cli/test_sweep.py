"""The commands of a sweep: a whole run, shards and their merge, the script for Slurm, and what they refuse."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from gemma2_workbench.apps.cli import main
from gemma2_workbench.starting import Stopped
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.sweeps.work import work


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("red blue green red blue green\nEmma met Bob in Paris\nred blue red blue red\n")
    return path


def test_a_sweep_alone_and_in_shards(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["sweep", str(corpus), "--block", "1", "--out"]
    assert main([*common, str(tmp_path / "whole")]) == 0
    assert "over 3 texts" in capsys.readouterr().out
    for number in (1, 0):
        assert main([*common, str(tmp_path / "parts"), "--shard", f"{number}/2"]) == 0
        assert "sweep merge" in capsys.readouterr().out
    assert main(["sweep", "figure", "ranked", str(tmp_path / "parts"), "--out", str(tmp_path / "a.pdf")]) == 2
    assert "its 2 parts were not put together" in capsys.readouterr().err
    assert main(["sweep", "merge", str(tmp_path / "parts")]) == 0
    same = ("heads.parquet", "examples.parquet", "texts.parquet", "manifest.json")
    assert all((tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes() for name in same)
    assert main(["sweep", "compare", str(tmp_path / "whole"), str(tmp_path / "parts")]) == 0
    assert main(["sweep", "compare", *[str(tmp_path / "whole")] * 2, "--out", str(tmp_path / "all.csv")]) == 0
    rows = len(Sweep.load(tmp_path / "whole").heads)
    assert len((tmp_path / "all.csv").read_text().splitlines()) == rows + 1


def test_what_ends_a_sweep_is_said_with_what_is_kept(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["sweep", str(corpus), "--block", "1", "--out", str(tmp_path / "heads")]
    again = "of 3 blocks of texts are kept in {}; the same command goes on from there".format(tmp_path / "heads")

    def terminated(*_: object, **__: object) -> NoReturn:
        raise Stopped(number=signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr("gemma2_workbench.sweeps.work.batches", terminated)
        assert main(words) == 143
        assert "stopped before a block of texts was done; nothing is kept" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setattr("gemma2_workbench.sweeps.sweep.work", _at_the_second(terminated))
        assert main(words) == 143
        assert f"stopped: 1 {again}" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setattr("gemma2_workbench.apps.cli.sweep.merge_sweep", terminated)
        assert main(words) == 143
        assert f"stopped: 3 {again}" in capsys.readouterr().err
    assert main(words) == 0


def _at_the_second(stop: Callable[[], NoReturn]) -> Callable[..., Partial]:
    """`work` that is stopped when it is called again."""
    called: list[object] = []

    def some(*given: Any) -> Partial:
        called.append(given)
        return stop() if len(called) == 2 else work(*given)

    return some


def test_the_script_runs_the_shard_of_its_task(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", "slurm", "my texts.txt", "--out", "heads", "--shards", "7", "--gpus", "1", "--tokens", "256"]
    assert main(words) == 0
    script = capsys.readouterr().out
    assert script.startswith("#!/bin/bash\n")
    assert "--array=0-6" in script
    assert "gemma2-workbench sweep 'my texts.txt' --out=heads" in script
    assert "--tokens=256" in script
    assert '--shard "${SLURM_ARRAY_TASK_ID}/7"' in script
    assert "gemma2-workbench sweep merge heads" in script


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["sweep", "none.txt", "--out", "o"], "none.txt does not exist"),
        (["sweep", "texts.txt", "--out", "o", "--shard", "7/7"], "--shard '7/7' is not allowed; write I/N"),
        (["sweep", "texts.txt", "--out", "o", "--shard", "0/2", "--workers", "2"], "--shard is for one process"),
        (["sweep", "texts.txt", "--out", "o", "--tokens", "9999"], "reads at most"),
        (["sweep", "texts.txt", "--out", "texts.txt"], "is a file; name a folder"),
        (["sweep", "texts.txt", "-", "--out", "o"], "- is standard input alone"),
        (["sweep", "--out", "o"], "there is no corpus; give files or folders, or --set: repeats, held-out"),
        (["sweep", "--set", "x", "--out", "o"], "there is no set 'x'; the sets are repeats, held-out"),
        (["sweep", "texts.txt", "--set", "repeats", "--out", "o"], "--set repeats is a corpus of its own"),
        (["sweep", "texts.txt", "--size", "3", "--out", "o"], "--size is of --set repeats"),
        (["sweep", "merge", "o"], "o holds no part of a sweep"),
        (["sweep", "compare", "o", "o"], "o holds no sweep"),
        (["app", "--sweep", "o"], "o holds no sweep"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    words: list[str], sentence: str, corpus: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corpus.parent)
    assert main(words) == 2
    said = capsys.readouterr().err.splitlines()
    assert sentence in said[-1]
