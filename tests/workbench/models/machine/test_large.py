"""Models that do not fit into one place: offloaded, split among processes, refused before anything is read."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gemma2_workbench import AblateHead, LoadedModel, capture, load
from gemma2_workbench.models.machine import room

TEXT = "A cat sat on the mat."
READ = ("attention", "folds", "lens", "contributions")
# Run by each of two processes.
SPLIT = """
import torch, torch.distributed as dist
from gemma2_workbench import AblateHead, capture, load
plain, split = load(), load(tp_plan="auto")
weight = split.model.get_parameter("model.layers.0.mlp.up_proj.weight")
assert weight.to_local().shape[0] == weight.shape[0] // 2
for changes in ([], [AblateHead(1, 0)]):
    one, two = (capture(m, "A cat sat.", interventions=changes, read=("attention", "folds", "contributions"))
                for m in (plain, split))
    assert two.parity.holds and two.model.weights == one.model.weights
    for at, layer in enumerate(one.tensors):
        for name, tensor in vars(layer).items():
            assert torch.allclose(tensor, getattr(two.tensors[at], name), atol=1e-4), (at, name)
    for name, fold in one.folds.items():
        assert torch.allclose(fold.double(), two.folds[name].double(), atol=1e-3, equal_nan=True), name
    first, second = (trace.readings["contributions"].heads for trace in (one, two))
    assert torch.allclose(first, second, atol=1e-4)
dist.destroy_process_group()
"""


@pytest.mark.parametrize("on_disk", [(1, 3), tuple(range(6))])
def test_offloaded_layers_are_read_and_changed_like_others(
    on_disk: tuple[int, ...], loaded: LoadedModel, tmp_path: Path
) -> None:
    places: dict[str, str] = {"model.embed_tokens": "cpu", "model.rotary_emb": "cpu", "lm_head": "cpu"}
    places["model.norm"] = "disk"
    places |= {f"model.layers.{layer}": "disk" if layer in on_disk else "cpu" for layer in range(6)}
    offloaded = load(device_map=places, offload_folder=tmp_path)
    assert offloaded.model.get_parameter("model.layers.1.mlp.up_proj.weight").is_meta
    for changes in ([], [AblateHead(1, 0)]):
        expected = capture(loaded, TEXT, interventions=changes, read=READ)
        trace = capture(offloaded, TEXT, interventions=changes, read=READ)
        assert trace.parity.holds
        assert trace.model == expected.model
        for mine, its in zip(trace.tensors, expected.tensors, strict=True):
            assert all(torch.equal(getattr(mine, name), tensor) for name, tensor in vars(its).items())
        for name, fold in expected.folds.items():
            assert fold.double().sub(trace.folds[name].double()).nan_to_num().abs().max() < 1e-5, name


def test_two_processes_see_what_one_sees(tmp_path: Path) -> None:
    script = tmp_path / "split.py"
    script.write_text(SPLIT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    done = subprocess.run(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]


def test_weights_that_do_not_fit_are_refused_with_the_numbers(
    twin_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = twin_folder()
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    monkeypatch.setattr(room, "available_bytes", lambda: int(size * 0.6))
    expected = (
        r"weights take .* MB in float32, and .* MB are free on cpu; use dtype='bfloat16' \(.* MB\), or .*device_map"
    )
    with pytest.raises(MemoryError, match=expected):
        load(folder, dtype="float32")
    assert load(folder, dtype="bfloat16").dtype == "bfloat16"
