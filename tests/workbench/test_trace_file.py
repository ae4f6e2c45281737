"""Traces on disk come back equal, or are refused with a reason."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from workbench import Trace
from workbench.trace_file import VERSION


@pytest.fixture
def saved(trace: Trace, tmp_path: Path) -> Path:
    return Path(trace.save(tmp_path / "run.safetensors"))


def rewritten(path: Path, **changes: object) -> None:
    """The same file with another manifest."""
    with safe_open(path, framework="pt") as file:
        manifest = json.loads(file.metadata()["manifest"])
    save_file(load_file(path), path, metadata={"manifest": json.dumps(manifest | changes)})


def test_a_trace_comes_back_equal(trace: Trace, saved: Path) -> None:
    again = Trace.load(saved)
    assert again == trace
    assert again.table("atlas").equals(trace.table("atlas"))
    assert [file.name for file in saved.parent.iterdir()] == [saved.name]


def test_a_trace_differs_from_another(trace: Trace, saved: Path) -> None:
    again = Trace.load(saved)
    again.tensors[0].q[0, 0, 0] += 1
    assert again != trace


def test_a_cut_off_file_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(OSError, match="cut off"):
        Trace.load(saved)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(3)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="not a trace"):
        Trace.load(tmp_path / "x.safetensors")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(OSError, match="no safetensors file"):
        Trace.load(tmp_path / "notes.txt")
    with pytest.raises(OSError, match="there is no trace file"):
        Trace.load(tmp_path / "missing")


def test_a_newer_file_is_refused(saved: Path) -> None:
    rewritten(saved, version=VERSION + 1)
    with pytest.raises(ValueError, match=f"version {VERSION + 1}, this workbench reads up to {VERSION}"):
        Trace.load(saved)


def test_a_changed_file_is_refused(saved: Path) -> None:
    rewritten(saved, sha256="0" * 64)
    with pytest.raises(ValueError, match="was changed"):
        Trace.load(saved)


def test_saving_into_nowhere_is_refused(trace: Trace, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="is not a folder"):
        trace.save(tmp_path / "missing" / "run.safetensors")


def test_indices_out_of_range_are_refused(trace: Trace) -> None:
    with pytest.raises(ValueError, match=r"layer 6 does not exist; allowed: 0\.\.5"):
        trace.stage(6, 0)
    with pytest.raises(ValueError, match="must be a non-empty range within"):
        trace.stage(0, 0, rows=range(5, 5))
    with pytest.raises(ValueError, match="the stages are attn_logits"):
        trace.stage(0, 0, "probs")
