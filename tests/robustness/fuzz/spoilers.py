"""What is done to the folder of a checkpoint: each way returns what it did, and whether every answer is wrong now."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from tests.robustness.fuzz.bases import json_of, put
from tests.robustness.fuzz.values import WHOLE, as_json, shown, spoilt

Tensors = dict[str, torch.Tensor]
Spoiler = Callable[[Random, Path], tuple[str, bool]]
WEIGHTS = "model.safetensors"


def _missing(random: Random, folder: Path) -> tuple[str, bool]:
    name = random.choice(("tokenizer.model", "config.json", WEIGHTS, "tokenizer_config.json", "generation_config.json"))
    (folder / name).unlink(missing_ok=True)
    return f"without {name}", name in ("tokenizer.model", "config.json", WEIGHTS)


def _bytes(random: Random, folder: Path) -> tuple[str, bool]:
    name = random.choice((WEIGHTS, WEIGHTS, "tokenizer.model"))
    how, data = spoilt(random, (folder / name).read_bytes())
    put(folder / name, data)
    return f"{name}: {how}", name == WEIGHTS and (how.startswith(("cut", "another")) or "more bytes" in how)


def _whole(random: Random, folder: Path) -> tuple[str, bool]:
    name, data = random.choice((WEIGHTS, "tokenizer.model")), random.choice(WHOLE)
    put(folder / name, data)
    return f"{name} is {shown(data)}", True


def _no_number(random: Random, folder: Path) -> tuple[str, bool]:
    tensors, value = load_file(folder / WEIGHTS), random.choice((torch.nan, torch.inf, -torch.inf))
    names = sorted(name for name in tensors if "embed" not in name)
    name = random.choice(names)
    tensors[name].view(-1)[random.randrange(tensors[name].numel())] = value
    _weights(folder, tensors)
    return f"{name} holds {value}", True


def _no_tensor(random: Random, folder: Path) -> tuple[str, bool]:
    tensors = load_file(folder / WEIGHTS)
    heads = [name for name in sorted(tensors) if name.startswith("score")]
    gone = random.choice((heads or sorted(tensors), heads[-1:] or sorted(tensors), sorted(tensors)))
    gone = gone if gone == heads else [random.choice(gone)]
    _weights(folder, {name: tensor for name, tensor in tensors.items() if name not in gone})
    return f"without {', '.join(gone)}", True


def _other_shape(random: Random, folder: Path) -> tuple[str, bool]:
    tensors = load_file(folder / WEIGHTS)
    name = random.choice(sorted(name for name, tensor in tensors.items() if min(tensor.shape) > 1 or tensor.dim() == 1))
    tensors[name] = random.choice((tensors[name][:-1], tensors[name][None], tensors[name].repeat_interleave(2, 0)))
    _weights(folder, tensors)
    return f"{name} is {list(tensors[name].shape)}", True


def _other_dtype(random: Random, folder: Path) -> tuple[str, bool]:
    kind = random.choice(
        (torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.int64, torch.bool, torch.uint8)
    )
    tensors = load_file(folder / WEIGHTS)
    name = random.choice(sorted(tensors))
    _weights(folder, {key: tensor.to(kind) if key == name else tensor for key, tensor in tensors.items()})
    return f"{name} is {kind}", False


def _further(random: Random, folder: Path) -> tuple[str, bool]:
    name = random.choice(("x", "lm_head.weight", "model.layers.9.mlp.up_proj.weight", "score.weight", "", "é"))
    _weights(folder, {**load_file(folder / WEIGHTS), name: torch.zeros(2, 2)})
    return f"and a tensor {name!r}", False


def _few_rows(random: Random, folder: Path) -> tuple[str, bool]:
    """A tokenizer with more tokens than the embeddings have rows."""
    rows, config = random.choice((1000, 2048, 4000)), json_of(folder / "config.json")
    put(folder / "config.json", as_json({**config, "vocab_size": rows}))
    tensors = load_file(folder / WEIGHTS)
    tensors = {
        name: tensor[:rows] if tensor.shape[0] == config["vocab_size"] else tensor for name, tensor in tensors.items()
    }
    _weights(folder, tensors)
    return f"{rows} rows of embeddings", True


def _tokenizer(random: Random, folder: Path) -> tuple[str, bool]:
    """Settings that change what the tokenizer gives: the answer is that of the tokenizer."""
    changes = random.choice(
        (
            *({"add_eos_token": True}, {"add_bos_token": False}, {"add_bos_token": False, "add_eos_token": True}),
            *({"bos_token": None}, {"tokenizer_class": "LlamaTokenizer"}, {"tokenizer_class": "BertTokenizer"}),
            *({"eos_token": "<bos>"}, {"bos_token": "Anna"}, {"model_max_length": 3}, {"padding_side": "right"}),
        )
    )
    settings = {**json_of(folder / "tokenizer_config.json"), **changes}
    put(folder / "tokenizer_config.json", as_json(settings))
    if random.random() < 0.4 and "tokenizer_class" not in changes:
        AutoTokenizer.from_pretrained(folder, local_files_only=True).save_pretrained(scratch := folder.parent / "fast")
        put(folder / "tokenizer.json", (scratch / "tokenizer.json").read_bytes())
        (folder / "tokenizer.model").unlink()
    return f"tokenizer with {changes}", False


def _pickled(random: Random, folder: Path) -> tuple[str, bool]:
    """Weights as a pickle that would run code."""
    (folder / WEIGHTS).unlink()
    name = random.choice(("pytorch_model.bin", WEIGHTS, "model.pt"))
    (folder / name).write_bytes(pickle.dumps(_Runs(str(folder.parent / "run")), protocol=2))
    return f"{name} is a pickle with code", True


class _Runs:
    """What a pickle of it does when it is read: it makes a file in the scratch folder."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


def _sharded(random: Random, folder: Path) -> tuple[str, bool]:
    """An index of weight files that are not there, or not in the folder."""
    names = sorted(load_file(folder / WEIGHTS))
    (folder / WEIGHTS).unlink()
    shard = random.choice(("model-00001-of-00001.safetensors", "../../x.safetensors", "", "config.json", "/nothere"))
    index: Any = {"metadata": {}, "weight_map": dict.fromkeys(names, shard)}
    index = random.choice((index, index, [], {}, {"weight_map": []}, {"weight_map": {"x": None}}, None))
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps(index))
    return f"index of weights {shown(index)}", True


def _other_format(random: Random, folder: Path) -> tuple[str, bool]:
    """A folder of another tool: adapters, GGUF."""
    (folder / WEIGHTS).unlink()
    if random.random() < 0.5:
        (folder / "model.gguf").write_bytes(b"GGUF\x03\x00\x00\x00" + bytes(64))
        return "a folder with a GGUF file", True
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "google/gemma-2-2b"}')
    save_file({"base_model.model.x.lora_A.weight": torch.zeros(2, 2)}, folder / "adapter_model.safetensors")
    (folder / "config.json").unlink()
    return "a folder with adapters only", True


def _strange_entry(random: Random, folder: Path) -> tuple[str, bool]:
    """In place of a file a folder, a broken link, a loop or (rarely, because a hang costs a minute) a pipe."""
    name = random.choice(("config.json", WEIGHTS, "tokenizer.model"))
    (folder / name).unlink()
    way = random.choice(("folder", "link", "loop") * 5 + ("pipe",))
    if way == "folder":
        (folder / name).mkdir()
    elif way == "pipe":
        os.mkfifo(folder / name)
    else:
        (folder / name).symlink_to(name if way == "loop" else "nothere")
    return f"{name} is a {way}", True


def other_name(random: Random, folder: Path) -> tuple[str, bool]:
    """The checkpoint under a name that means none; see `checkpoints.NAMES`."""
    (folder.parent / "model.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    return "", True


def _weights(folder: Path, tensors: Tensors) -> None:
    (folder / WEIGHTS).unlink()
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS, {"format": "pt"})


SPOILERS: tuple[Spoiler, ...] = (
    *(_missing, _bytes, _bytes, _whole, _no_number, _no_number, _no_tensor, _no_tensor, _other_shape, _other_dtype),
    *(_further, _few_rows, _tokenizer, _tokenizer, _pickled, _sharded, _other_format, _strange_entry, other_name),
)
