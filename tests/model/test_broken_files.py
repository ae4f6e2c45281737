"""Folders that are broken, or whose config and weights do not belong together, end in a sentence."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from gemma2_workbench.model import (
    Gemma2ForCausalLM,
    Gemma2ForSequenceClassification,
    Gemma2Model,
)

WEIGHTS = "model.safetensors"


@pytest.fixture
def folder(twins, tmp_path):
    """A folder with config.json and model.safetensors of a tiny language model."""
    twins()[0].save_pretrained(tmp_path)
    return tmp_path


def rewrite(folder, change):
    """Apply `change` to the dictionary of weights in the folder."""
    weights = load_file(folder / WEIGHTS)
    change(weights)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})


def reconfigure(folder, **changes):
    """Change keys of config.json."""
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def shard(folder):
    """Rewrite the folder as shards."""
    model = Gemma2ForCausalLM.from_pretrained(folder)
    (folder / WEIGHTS).unlink()
    model.save_pretrained(folder, max_shard_size="20KB")


def lose_a_shard(folder):
    shard(folder)
    sorted(folder.glob("*.safetensors"))[1].unlink()


def break_a_shard(folder):
    shard(folder)
    sorted(folder.glob("*.safetensors"))[1].write_bytes(b"broken")


def break_the_index(folder):
    shard(folder)
    (folder / "model.safetensors.index.json").write_text("{")


def forget_a_name_in_the_index(folder):
    shard(folder)
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    del index["weight_map"]["model.norm.weight"]
    name = index["weight_map"]
    path.write_text(json.dumps(index))
    for file in set(name.values()):
        weights = load_file(folder / file)
        weights.pop("model.norm.weight", None)
        save_file(weights, folder / file, metadata={"format": "pt"})


def pop(name):
    return lambda folder: rewrite(folder, lambda weights: weights.pop(name))


def put(name, *shape):
    return lambda folder: rewrite(folder, lambda weights: weights.update({name: torch.zeros(shape)}))


BROKEN = {
    "no weights": (lambda folder: (folder / WEIGHTS).unlink(), [WEIGHTS]),
    "no config": (lambda folder: (folder / "config.json").unlink(), ["config.json"]),
    "config is no JSON": (lambda folder: (folder / "config.json").write_text("{,"), ["config.json"]),
    "config is a list": (lambda folder: (folder / "config.json").write_text("[]"), ["config.json"]),
    "config of another model": (lambda folder: reconfigure(folder, model_type="llama"), ["llama", "gemma2"]),
    "config with a wrong value": (lambda folder: reconfigure(folder, sliding_window=0), ["sliding_window"]),
    "empty weights": (lambda folder: (folder / WEIGHTS).write_bytes(b""), ["weights"]),
    "weights that are no safetensors": (
        lambda folder: (folder / WEIGHTS).write_bytes(b"not weights" * 9),
        ["weights"],
    ),
    "weights cut off": (
        lambda folder: (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-4000]),
        ["weights"],
    ),
    "a weight is missing": (pop("model.layers.1.self_attn.q_proj.weight"), ["model.layers.1.self_attn.q_proj.weight"]),
    "the embedding is missing": (pop("model.embed_tokens.weight"), ["embed_tokens.weight"]),
    "a weight too many": (put("model.layers.9.mlp.up_proj.weight", 40, 32), ["model.layers.9.mlp.up_proj.weight"]),
    "a bias the config does not have": (put("model.layers.0.self_attn.q_proj.bias", 32), ["q_proj.bias"]),
    "a weight of another shape": (
        put("model.layers.1.self_attn.q_proj.weight", 32, 31),
        ["model.layers.1.self_attn.q_proj.weight"],
    ),
    "a config of another width": (lambda folder: reconfigure(folder, head_dim=16), ["q_proj.weight"]),
    "a config with more layers": (
        lambda folder: reconfigure(folder, num_hidden_layers=5, layer_types=None),
        ["model.layers.4."],
    ),
    "a config with fewer layers": (
        lambda folder: reconfigure(folder, num_hidden_layers=3, layer_types=None),
        ["model.layers.3."],
    ),
    "an untied head that is missing": (
        lambda folder: reconfigure(folder, tie_word_embeddings=False),
        ["lm_head.weight"],
    ),
    "a shard is missing": (lose_a_shard, ["model-00002-of-"]),
    "a shard is broken": (break_a_shard, ["weights"]),
    "the index is broken": (break_the_index, ["model.safetensors.index.json"]),
    "the index forgets a weight": (forget_a_name_in_the_index, ["norm.weight"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_folder(folder, case):
    damage, words = BROKEN[case]
    damage(folder)
    with pytest.raises((OSError, ValueError, TypeError)) as caught:
        Gemma2ForCausalLM.from_pretrained(folder)
    missing = [word for word in words if word not in str(caught.value)]
    assert not missing, str(caught.value)


def test_no_such_folder(tmp_path):
    with pytest.raises((OSError, ValueError), match="nowhere"):
        Gemma2ForCausalLM.from_pretrained(tmp_path / "nowhere")


def test_a_hub_name_without_a_network():
    with pytest.raises((OSError, ValueError), match="google/gemma-2-2b"):
        Gemma2ForCausalLM.from_pretrained("google/gemma-2-2b")


def test_a_trunk_with_weights_missing_is_refused_for_every_head(folder):
    pop("model.norm.weight")(folder)
    for head in (Gemma2Model, Gemma2ForSequenceClassification):
        with pytest.raises(ValueError, match="norm.weight"):
            head.from_pretrained(folder)


def test_a_classifier_head_of_another_size_is_refused_unless_asked_for(twins, tmp_path):
    twins("ForSequenceClassification", num_labels=3)[0].save_pretrained(tmp_path)
    with pytest.raises((ValueError, OSError), match="score.weight"):
        Gemma2ForSequenceClassification.from_pretrained(tmp_path, num_labels=5)
    fresh = Gemma2ForSequenceClassification.from_pretrained(tmp_path, num_labels=5, ignore_mismatched_sizes=True)
    assert fresh.score.weight.shape == (5, 32)
