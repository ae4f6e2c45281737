"""Traces on disk come back equal, or are refused with a reason."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from gemma2_workbench import AblateHead, LoadedModel, SetCausal, SetFinalSoftcap, SetSoftcap, SetWindow, Trace, capture
from gemma2_workbench.apps.cli import main
from gemma2_workbench.traces.detailed_folds import GROUPS
from gemma2_workbench.traces.file import VERSION, _checksum, load_trace, save_trace
from gemma2_workbench.traces.folds import FOLDS
from gemma2_workbench.traces.interventions import from_data
from gemma2_workbench.views import table


@pytest.fixture
def saved(trace: Trace, tmp_path: Path) -> Path:
    return Path(save_trace(trace, tmp_path / "run.safetensors"))


def rewritten(path: Path, **changes: object) -> None:
    """The same file with another manifest."""
    with safe_open(path, framework="pt") as file:
        manifest = json.loads(file.metadata()["manifest"])
    save_file(load_file(path), path, metadata={"manifest": json.dumps(manifest | changes)})


def test_a_trace_comes_back_equal(trace: Trace, saved: Path) -> None:
    again = load_trace(saved)
    assert again == trace
    assert table(again, "atlas").equals(table(trace, "atlas"))
    assert [file.name for file in saved.parent.iterdir()] == [saved.name]


def test_rows_of_a_read_trace_are_the_same_to_the_last_bit(loaded: LoadedModel, tmp_path: Path) -> None:
    # In a file tensors lie where the header ends, which no processor likes: products of one row came out otherwise.
    trace = capture(
        loaded, "Anna met Bob. Later Anna met Bob", read=("attention", "folds", "lens", "contributions"), parity=False
    )
    again = load_trace(save_trace(trace, tmp_path / "run.safetensors"))
    for layer, head, row in product(range(6), range(6), range(len(trace.tokens))):
        pair = [run.stage(layer, head, rows=range(row, row + 1)).nan_to_num() for run in (trace, again)]
        assert torch.equal(*pair)


def test_a_trace_differs_from_another(trace: Trace, saved: Path) -> None:
    again = load_trace(saved)
    again.tensors[0].q[0, 0, 0] += 1
    assert again != trace


def test_a_cut_off_file_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(OSError, match="cut off"):
        load_trace(saved)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(3)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="not a trace"):
        load_trace(tmp_path / "x.safetensors")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(OSError, match="no safetensors file"):
        load_trace(tmp_path / "notes.txt")
    with pytest.raises(OSError, match="there is no trace file"):
        load_trace(tmp_path / "missing")


@pytest.mark.parametrize(("version", "advice"), [(VERSION + 1, "update the workbench"), (1, "capture the text again")])
def test_a_file_of_another_version_is_refused(saved: Path, version: int, advice: str) -> None:
    rewritten(saved, version=version)
    with pytest.raises(ValueError, match=f"version {version}, this workbench reads versions 2 to {VERSION}; {advice}"):
        load_trace(saved)


@pytest.mark.parametrize(
    ("version", "without"), [(2, ("read", "effects", "generation")), (3, ("generation",)), (4, ("generation",))]
)
def test_an_older_file_opens(trace: Trace, saved: Path, version: int, without: tuple[str, ...]) -> None:
    with safe_open(saved, framework="pt") as file:
        manifest = json.loads(file.metadata()["manifest"])
    newer = [fold.name for fold in FOLDS if fold.since > version]
    assert newer or version == 4
    tensors = {name: tensor for name, tensor in load_file(saved).items() if name.removeprefix("fold.") not in newer}
    manifest = {name: value for name, value in manifest.items() if name not in ("sha256", *without)}
    manifest |= {"version": version, "folds": [name for name in manifest["folds"] if name not in newer]}
    manifest["sha256"] = _checksum(manifest, tensors)
    save_file(tensors, saved, metadata={"manifest": json.dumps(manifest)})
    kept = {name: fold for name, fold in trace.folds.items() if name not in newer}
    assert load_trace(saved) == replace(trace, readings={**trace.readings, "folds": kept})


def test_groups_of_folds_come_back_too(loaded: LoadedModel, tmp_path: Path) -> None:
    trace = capture(loaded, "Anna met Bob. Later Anna met Bob", read=tuple(GROUPS), parity=False)
    assert load_trace(save_trace(trace, tmp_path / "run.safetensors")) == trace


@pytest.mark.parametrize(
    ("version", "without", "said"),
    [
        (2, (), "read: version 2 has no"),
        (2, ("read",), "effects: version 2 has no"),
        (4, (), "generation: version 4 has no"),
        (VERSION, ("read",), f"read: version {VERSION} has one"),
        (VERSION, ("effects",), f"effects: version {VERSION} has one"),
        (VERSION, ("generation",), f"generation: version {VERSION} has one"),
    ],
)
def test_a_version_has_its_own_keys(saved: Path, version: int, without: tuple[str, ...], said: str) -> None:
    with safe_open(saved, framework="pt") as file:
        manifest = json.loads(file.metadata()["manifest"])
    manifest = {name: value for name, value in manifest.items() if name not in ("sha256", *without)}
    manifest["version"] = version
    tensors = load_file(saved)
    manifest["sha256"] = _checksum(manifest, tensors)
    save_file(tensors, saved, metadata={"manifest": json.dumps(manifest)})
    with pytest.raises(ValueError, match=said):
        load_trace(saved)


def test_a_modified_model_is_still_one_after_reading(loaded: LoadedModel, tmp_path: Path) -> None:
    changes = (SetSoftcap(5.0, (1, 2)), SetWindow(None), SetFinalSoftcap(None), AblateHead(1, 2), SetCausal(False))
    trace = capture(loaded, "Hello", interventions=changes, parity=False)
    assert load_trace(save_trace(trace, tmp_path / "run.safetensors")).interventions == changes
    with pytest.raises(ValueError, match="is no intervention; known: SetSoftcap"):
        from_data({"kind": "AblateHead", "layer": 1})


def test_a_changed_file_is_refused(saved: Path) -> None:
    rewritten(saved, sha256="0" * 64)
    with pytest.raises(ValueError, match="was changed"):
        load_trace(saved)


def missing(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def foreign(path: Path) -> None:
    save_file({"x": torch.zeros(3)}, path)


def pickled(path: Path) -> None:
    torch.save({"x": torch.zeros(3)}, path)


def newer(path: Path) -> None:
    rewritten(path, version=VERSION + 1)


def changed(path: Path) -> None:
    # One bit of the last tensor: the header and the sizes stay right.
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def edited(path: Path) -> None:
    rewritten(path, heads=3)


def incomplete(path: Path) -> None:
    # Whoever computes the checksum anew still cannot make the explorer stumble.
    with safe_open(path, framework="pt") as file:
        manifest = json.loads(file.metadata()["manifest"]) | {"layers": [{"index": 0}]}
    rewritten(path, layers=manifest["layers"], sha256=_checksum(manifest, load_file(path)))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (missing, "there is no trace file"),
        (cut_off, "was cut off"),
        (foreign, "not a trace of this workbench"),
        (pickled, "is no safetensors file"),
        (newer, f"version {VERSION + 1}, this workbench reads"),
        (changed, "was changed after it was written"),
        (edited, "was changed after it was written"),
        (incomplete, "is incomplete: its manifest does not describe its tensors"),
    ],
)
def test_the_explorer_does_not_start_on_a_bad_trace(saved: Path, capsys, monkeypatch, damage, sentence) -> None:
    good = Path(save_trace(load_trace(saved), saved.parent / "good.safetensors"))
    damage(saved)
    monkeypatch.setattr("gemma2_workbench.apps.cli.app.serving", lambda _: pytest.fail("it was started"))
    assert main(["app", "--trace", str(good), str(saved)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("gemma2-workbench: ")
    assert sentence in said
    assert said.count("\n") == 1


def test_saving_into_nowhere_is_refused(trace: Trace, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing does not exist; make it first"):
        save_trace(trace, tmp_path / "missing" / "run.safetensors")


def test_indices_out_of_range_are_refused(trace: Trace) -> None:
    with pytest.raises(ValueError, match=r"layer 6 does not exist; allowed: 0\.\.5"):
        trace.stage(6, 0)
    with pytest.raises(ValueError, match="must be a non-empty range within"):
        trace.stage(0, 0, rows=range(5, 5))
    with pytest.raises(ValueError, match="the stages are attn_logits"):
        trace.stage(0, 0, "probs")
