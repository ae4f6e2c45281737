"""Checkpoints that are broken, dangerous or of another size end in a sentence that names what is wrong."""

import json
import re
import shutil

import pytest
import torch

from gemma2_workbench.model import Gemma2Config, convert_google_checkpoint
from gemma2_workbench.model.google.checkpoint import Header
from gemma2_workbench.model.google.fit import check_fit
from gemma2_workbench.model.google.names import source_shapes
from gemma2_workbench.model.google.sizes import SIZES

QKV = "model.layers.1.self_attn.qkv_proj.weight"


class Runs:
    """What a pickle would do when it is read."""

    def __reduce__(self):
        return print, ("code was run",)


def lose(*names):
    return lambda state: {name: tensor for name, tensor in state.items() if name not in names}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lose("model.norm.weight", QKV), f"it lacks {QKV}, model.norm.weight"),
        (
            lose(*(f"model.layers.{layer}.pre_feedforward_layernorm.weight" for layer in (0, 1, 3))),
            "it lacks model.layers.0-1,3.pre_feedforward_layernorm.weight",
        ),
        (
            lambda state: state | {"lm_head.weight": torch.zeros(2)},
            "it is no checkpoint of this configuration: it has too much: lm_head.weight",
        ),
        (lambda state: state | {QKV: torch.zeros(64, 31)}, f"{QKV} is 64 x 31, not 64 x 32"),
        (lambda state: state | {QKV: state[QKV].to(torch.int8)}, f"it lacks {QKV}_scaler"),
        (lambda state: state | {QKV: state[QKV].long()}, f"{QKV} is of int64, not float32"),
        (
            lambda state: state | {"model.norm.weight": torch.zeros(32, dtype=torch.int8)},
            "model.norm.weight is of int8",
        ),
        (lambda state: {"model.embed_tokens.weight": torch.zeros(2)}, "transformers' names already"),
        (lambda state: state | {"a": 1}, "holds no tensors by their names"),
        (lambda state: state | {"a": Runs()}, "holds more than tensors (print), which could run code"),
        (lambda state: state | {"embedder.weight": torch.full((4096, 32), 1e6)}, "beyond those of float16"),
    ],
)
def test_tensors_that_do_not_fit(google_config, google_state, saved, tmp_path, capsys, change, sentence):
    checkpoint = saved(change(google_state))
    with pytest.raises(ValueError, match=re.escape(sentence)):
        convert_google_checkpoint(checkpoint, tmp_path / "out", google_config, dtype="float16")
    assert "code was run" not in capsys.readouterr().out
    assert not [*(tmp_path / "out").glob("*.safetensors")]


@pytest.mark.parametrize(("given", "real"), [("9b", "2b"), ("27b", "9b"), ("2b", "27b")])
def test_another_size_is_recognised(tmp_path, given, real):
    shapes = source_shapes(Gemma2Config(**SIZES[real]))
    found = {name: Header(shape, torch.bfloat16, tmp_path) for name, shape in shapes.items()}
    start = f"it is no checkpoint of Gemma 2 {given}, but looks like {real}, the size to give: "
    with pytest.raises(ValueError, match=start) as refused:
        check_fit(found, Gemma2Config(**SIZES[given]), given)
    sentence = str(refused.value)
    assert "embedder.weight is 256000 x" in sentence
    assert len(sentence) < 2000  # layers that differ alike are said once
    check_fit(found, Gemma2Config(**SIZES[real]), real)


def test_damaged_files(google_config, google_state, saved, tmp_path):
    def refused(sentence):
        with pytest.raises(OSError, match=re.escape(sentence)):
            convert_google_checkpoint(checkpoint, tmp_path / "out", google_config)
        assert not [*(tmp_path / "out").glob("*")]

    checkpoint = saved(google_state)
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[:-2000])
    refused("model.ckpt is cut off, or nothing that torch.save wrote")
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    checkpoint.write_bytes(flipped)
    refused("model.ckpt is damaged: ")
    checkpoint.write_bytes(b"")
    refused("cut off")
    checkpoint.unlink()
    refused("there is no checkpoint")


def test_damaged_folders(google_config, google_state, saved_in_parts, tmp_path):
    folder = saved_in_parts(google_state)
    index = folder / "pytorch_model.bin.index.json"
    whole = index.read_text()

    def refused(sentence, kind=OSError):
        with pytest.raises(kind, match=re.escape(sentence)):
            convert_google_checkpoint(folder, tmp_path / "out", google_config)

    for broken in ("", "[]", "{}", '{"weight_map": []}'):
        index.write_text(broken)
        refused("has no weight_map from tensors to files")
    index.write_text(json.dumps({"weight_map": {"a": "../model.ckpt"}}))
    refused("names '../model.ckpt', which is not in its folder")
    index.unlink()
    refused("holds neither a .ckpt file nor pytorch_model.bin.index.json")
    index.write_text(whole)
    shutil.copy(folder / "pytorch_model-0-of-3.bin", folder / "pytorch_model-1-of-3.bin")
    refused("stands both in pytorch_model-0-of-3.bin and in pytorch_model-1-of-3.bin", ValueError)
    (folder / "pytorch_model-0-of-3.bin").unlink()
    refused("names 'pytorch_model-0-of-3.bin', which is not in its folder")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"size": "7b"}, "size='7b' is unknown; Gemma 2 has 2b, 9b, 27b"),
        ({"dtype": "int8"}, "dtype='int8' is not possible; use float32, bfloat16, float16"),
        ({"tokenizer": "nowhere"}, "nowhere is no tokenizer"),
    ],
)
def test_arguments(google_config, google_state, saved, tmp_path, arguments, sentence):
    with pytest.raises((ValueError, OSError), match=re.escape(sentence)):
        convert_google_checkpoint(saved(google_state), tmp_path / "out", **{"size": google_config} | arguments)
    assert not (tmp_path / "out").exists()
