"""Folders: read from and written for the reference, shards, tied heads; broken ones end in a sentence."""

import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

import model as ours_package
from model import Gemma2Config, Gemma2ForCausalLM, Gemma2ForSequenceClassification, Gemma2Model

HEADS = ["Model", "ForCausalLM", "ForSequenceClassification", "ForTokenClassification"]
WEIGHTS = "model.safetensors"


def first(output):
    """Logits or last hidden state."""
    return output.logits if "logits" in output else output.last_hidden_state


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("writer", ["ours", "the reference"])
@torch.no_grad()
def test_folders_are_interchangeable(twins, token_ids, tmp_path, head, writer):
    ours, stock = twins(head, attention_bias=True)
    (ours if writer == "ours" else stock).save_pretrained(tmp_path)
    ids = token_ids(2, 9)
    mine = getattr(ours_package, f"Gemma2{head}").from_pretrained(tmp_path).eval()
    theirs = getattr(transformers, f"Gemma2{head}").from_pretrained(tmp_path, attn_implementation="eager").eval()
    assert torch.equal(first(mine(ids)), first(ours(ids)))
    assert torch.equal(first(theirs(ids)), first(stock(ids)))
    assert transformers.AutoConfig.from_pretrained(tmp_path).model_type == "gemma2"


@torch.no_grad()
def test_transformers_auto_class_reads_our_folder(twins, token_ids, tmp_path):
    ours, _ = twins()
    ours.save_pretrained(tmp_path)
    auto = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, attn_implementation="eager").eval()
    assert type(auto) is transformers.Gemma2ForCausalLM
    assert_close(auto(token_ids(1, 9)).logits, ours(token_ids(1, 9)).logits, atol=1e-4, rtol=1e-4)
    written = json.loads((tmp_path / "config.json").read_text())
    assert written["architectures"] == ["Gemma2ForCausalLM"]


@pytest.mark.parametrize(("saved", "loaded"), [("ForCausalLM", "Model"), ("Model", "ForCausalLM")])
@torch.no_grad()
def test_the_prefix_of_the_trunk_is_added_and_stripped(twins, token_ids, tmp_path, saved, loaded):
    ours, _ = twins(saved)
    ours.save_pretrained(tmp_path)
    other = getattr(ours_package, f"Gemma2{loaded}").from_pretrained(tmp_path).eval()
    ids = token_ids(1, 9)
    a, b = getattr(ours, "model", ours), getattr(other, "model", other)
    assert torch.equal(a(ids).last_hidden_state, b(ids).last_hidden_state)


@pytest.mark.parametrize("writer", ["ours", "the reference"])
@torch.no_grad()
def test_shards(twins, token_ids, tmp_path, writer):
    ours, stock = twins()
    (ours if writer == "ours" else stock).save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    assert (tmp_path / "model.safetensors.index.json").exists()
    mine = Gemma2ForCausalLM.from_pretrained(tmp_path).eval()
    assert torch.equal(mine(token_ids(1, 9)).logits, ours(token_ids(1, 9)).logits)


def test_a_tied_head_is_not_written_and_shares_memory(twins, tmp_path):
    ours, _ = twins()
    ours.save_pretrained(tmp_path)
    assert "lm_head.weight" not in load_file(tmp_path / WEIGHTS)
    loaded = Gemma2ForCausalLM.from_pretrained(tmp_path)
    assert loaded.lm_head.weight is loaded.model.embed_tokens.weight


def test_a_tied_head_in_the_file_is_no_error(twins, tmp_path):
    ours, _ = twins()
    ours.save_pretrained(tmp_path)
    weights = load_file(tmp_path / WEIGHTS)
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"].clone()
    save_file(weights, tmp_path / WEIGHTS, metadata={"format": "pt"})
    loaded = Gemma2ForCausalLM.from_pretrained(tmp_path)
    assert torch.equal(loaded.lm_head.weight, ours.lm_head.weight)


@torch.no_grad()
def test_an_untied_head_is_written_and_read(twins, token_ids, tmp_path):
    ours, stock = twins(tie_word_embeddings=False)
    ours.save_pretrained(tmp_path)
    loaded = Gemma2ForCausalLM.from_pretrained(tmp_path).eval()
    assert not torch.equal(loaded.lm_head.weight, loaded.model.embed_tokens.weight)
    ids = token_ids(1, 9)
    assert_close(loaded(ids).logits, stock(ids).logits, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_folder_of_transformers_4_42_age(twins, tiny, token_ids, tmp_path):
    ours, _ = twins()
    ours.save_pretrained(tmp_path)
    keep = {name: value for name, value in tiny.items() if name != "attn_implementation"}
    old = keep | {
        "architectures": ["Gemma2ForCausalLM"],
        "model_type": "gemma2",
        "cache_implementation": "hybrid",
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh",
        "rope_theta": 10000.0,
        "torch_dtype": "float32",
        "transformers_version": "4.42.0.dev0",
    }
    (tmp_path / "config.json").write_text(json.dumps(old))
    loaded = Gemma2ForCausalLM.from_pretrained(tmp_path).eval()
    ids = token_ids(1, 9)
    assert torch.equal(loaded(ids).logits, ours(ids).logits)
    assert loaded.generate(ids, max_new_tokens=3, do_sample=False).shape[1] <= 12


@torch.no_grad()
def test_old_pickled_weights(twins, token_ids, tmp_path):
    ours, _ = twins()
    ours.save_pretrained(tmp_path)
    (tmp_path / WEIGHTS).unlink()
    torch.save(ours.state_dict(), tmp_path / "pytorch_model.bin")
    loaded = Gemma2ForCausalLM.from_pretrained(tmp_path).eval()
    assert torch.equal(loaded(token_ids(1, 9)).logits, ours(token_ids(1, 9)).logits)


def test_config_changes_while_loading(twins, tmp_path):
    ours, _ = twins()
    ours.save_pretrained(tmp_path)
    loaded = Gemma2ForCausalLM.from_pretrained(tmp_path, sliding_window=3, attn_logit_softcapping=None)
    assert loaded.config.sliding_window == 3
    assert loaded.config.attn_logit_softcapping is None


def test_a_reference_config_is_taken(twins, tmp_path, token_ids):
    ours, stock = twins()
    ours.save_pretrained(tmp_path)
    loaded = Gemma2ForCausalLM.from_pretrained(tmp_path, config=stock.config).eval()
    assert torch.equal(loaded(token_ids(1, 5)).logits, ours(token_ids(1, 5)).logits)


@torch.no_grad()
def test_the_constructor_takes_a_reference_config(twins, token_ids):
    ours, stock = twins()
    built = Gemma2ForCausalLM(stock.config).eval()
    built.load_state_dict(stock.state_dict())
    assert torch.equal(built(token_ids(1, 9)).logits, ours(token_ids(1, 9)).logits)


def test_the_constructor_refuses_what_is_no_config(tiny):
    with pytest.raises(TypeError, match="Gemma2Config.*dict"):
        Gemma2ForCausalLM(tiny)


def test_embeddings_can_be_resized(twins, token_ids):
    ours, stock = twins()
    for twin in (ours, stock):
        twin.resize_token_embeddings(90, mean_resizing=False)
    ids = token_ids(1, 9).clamp(max=89)
    assert ours(ids).logits.shape[-1] == 90
    assert_close(ours(ids).logits, stock(ids).logits, atol=1e-4, rtol=1e-4)
    assert ours(ids, labels=ids).loss.isfinite()
    with pytest.raises(ValueError, match="89"):
        ours(torch.tensor([[90]]))


# Broken folders


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


def test_the_loading_report_is_given_on_request(folder):
    loaded, report = Gemma2ForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert isinstance(loaded, Gemma2ForCausalLM)
    assert not report["missing_keys"]


def test_the_config_alone(folder):
    config = Gemma2Config.from_pretrained(folder)
    assert isinstance(config, Gemma2Config)
    assert config.sliding_window == 5
