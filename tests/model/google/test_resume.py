"""An interrupted conversion goes on where it stopped; half-written files are never taken for whole."""

import errno
import os
import shutil
from collections import namedtuple

import pytest

from gemma2_workbench.model import convert_google_checkpoint
from gemma2_workbench.model.google import shards

SMALL = 40_000


class Stop:
    """A report that stops the conversion once `files` files are written, as ctrl-c does."""

    def __init__(self, folder, files):
        self.folder, self.files = folder, files

    def __call__(self, done, of):
        if len([*self.folder.glob("*.safetensors")]) >= self.files:
            raise KeyboardInterrupt


@pytest.fixture
def half(google_config, google_state, saved, tmp_path):
    """A conversion that was stopped after two files."""
    checkpoint, out = saved(google_state), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        convert_google_checkpoint(checkpoint, out, google_config, shard_bytes=SMALL, report=Stop(out, 2))
    return checkpoint, out


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_it_goes_on_where_it_stopped(google_config, half, tmp_path):
    checkpoint, out = half
    assert not (out / "config.json").exists()
    first, second = sorted(out.glob("*.safetensors"))
    kept = first.stat().st_ino
    second.write_bytes(second.read_bytes()[:-100])  # cut off, as by another program
    for left in (".gemma2-0123456789ab.part", ".tmpo4Jif7"):
        (out / left).write_bytes(b"half")
    moved = shutil.move(checkpoint, tmp_path / "moved.ckpt")
    told = []
    convert_google_checkpoint(
        moved, out, google_config, shard_bytes=SMALL, report=lambda done, of: told.append((done, of))
    )
    whole = convert_google_checkpoint(moved, tmp_path / "whole", google_config, shard_bytes=SMALL)
    assert contents(out) == contents(whole)
    assert first.stat().st_ino == kept
    # What is done already counts for nothing in the time left.
    assert told[-1] == (told[-1][1],) * 2
    assert told[-1][1] < sum(file.stat().st_size for file in whole.glob("*.safetensors"))


def test_another_checkpoint_or_setting_does_not_go_on(google_config, google_state, half, saved):
    checkpoint, out = half
    before = contents(out)
    with pytest.raises(FileExistsError, match="the beginning of another conversion"):
        convert_google_checkpoint(checkpoint, out, google_config, shard_bytes=SMALL, dtype="bfloat16")
    google_state["model.norm.weight"] += 1
    with pytest.raises(FileExistsError, match="the beginning of another conversion"):
        convert_google_checkpoint(saved(google_state), out, google_config, shard_bytes=SMALL)
    assert contents(out) == before


def test_a_model_is_not_overwritten(google_config, google_state, saved, tmp_path):
    checkpoint = saved(google_state)
    out = convert_google_checkpoint(checkpoint, tmp_path / "out", google_config)
    before = contents(out)
    with pytest.raises(FileExistsError, match=r"holds a model already \(config.json\); name a new folder"):
        convert_google_checkpoint(checkpoint, out, google_config)
    assert contents(out) == before


def test_a_disk_that_is_too_small_is_said_beforehand(google_config, google_state, saved, tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1000))
    with pytest.raises(OSError, match=r"needs 0\.0 GB more, but its disk has 0\.0 GB free; make room"):
        convert_google_checkpoint(saved(google_state), tmp_path / "out", google_config)
    assert not (tmp_path / "out").exists()


def test_a_disk_that_fills_up_leaves_what_is_whole(google_config, half, monkeypatch):
    checkpoint, out = half
    before = contents(out)

    def full(weights, part, metadata):
        part.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part))

    monkeypatch.setattr(shards, "save_file", full)
    with pytest.raises(OSError, match="cannot be written: there is no room left on its disk"):
        convert_google_checkpoint(checkpoint, out, google_config, shard_bytes=SMALL)
    assert contents(out) == before


def test_a_folder_that_cannot_be(google_config, google_state, saved):
    checkpoint = saved(google_state)
    with pytest.raises(OSError, match="no folder|is a file"):
        convert_google_checkpoint(checkpoint, checkpoint / "out", google_config)
