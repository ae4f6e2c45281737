"""What is said of weights: the checksum of their files, and whether they still are those of the files."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from gemma2_workbench import capture, load, load_trace, save_trace
from gemma2_workbench.models.reading import weights_hash as hashing


def _step(model: nn.Module) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model(torch.tensor([[2, 5, 7]])).logits.sum().backward()
    optimizer.step()


def _add(model: nn.Module) -> None:
    with torch.no_grad():
        model.get_parameter("model.layers.1.mlp.up_proj.weight")[3, 5].add_(1)


def _data(model: nn.Module) -> None:
    model.get_parameter("model.layers.1.mlp.up_proj.weight").data += 1e-3


def _load(model: nn.Module) -> None:
    model.load_state_dict({name: weight * 2 for name, weight in model.state_dict().items()})


def _assign(model: nn.Module) -> None:
    model.load_state_dict({name: weight * 2 for name, weight in model.state_dict().items()}, assign=True)


@pytest.mark.parametrize("change", [_step, _add, _data, _load, _assign])
def test_weights_changed_in_memory_are_not_passed_off_as_the_files(
    change: Callable[[nn.Module], None], tmp_path: Path
) -> None:
    loaded = load()
    before = capture(loaded, "a cat").model
    assert before.weights_sha256 == loaded.weights_sha256
    assert before.weights.hashed == "files"
    change(loaded.model)
    trace = capture(loaded, "a cat", parity=False)
    assert trace.model.weights_sha256 is None
    assert trace.model.weights.sentences == ("weights changed in memory: no file holds them",)
    assert "changed in memory" in repr(trace)
    assert load_trace(save_trace(trace, tmp_path / "t.safetensors")).model == trace.model


def test_what_changes_no_number_is_no_change() -> None:
    loaded = load()
    capture(loaded, "a cat")
    loaded.model.to("cpu").eval().requires_grad_(False)
    own = loaded.own_copy()
    own.model.zero_grad()
    assert loaded.weights == own.weights == loaded.stored


def test_a_large_checkpoint_has_a_checksum_of_its_header_and_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load().model.save_pretrained(tmp_path, max_shard_size="8MB")
    files = sorted(tmp_path.glob("*.safetensors"))
    assert len(files) > 1
    whole, of = hashing.weights_hash(files)
    monkeypatch.setattr(hashing, "LIMIT_BYTES", 0)
    sampled, of_samples = hashing.weights_hash(files)
    assert (of, of_samples) == ("files", "samples")
    assert whole != sampled
    data = bytearray(files[-1].read_bytes())
    files[-1].write_bytes(data[:-8] + bytes(8))
    assert hashing.weights_hash(files)[0] != sampled
