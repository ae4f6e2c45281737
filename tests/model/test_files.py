"""Folders: read from and written for the reference, shards, tied heads, old files, changes while loading."""

import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

import gemma2_workbench.model as ours_package
from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM

WEIGHTS = "model.safetensors"


HEADS = ["Model", "ForCausalLM", "ForSequenceClassification", "ForTokenClassification"]


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
def test_a_folder_of_transformers_4_42_age(twins, old_config, token_ids, tmp_path):
    ours, _ = twins()
    ours.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(old_config))
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


def test_the_loading_report_is_given_on_request(twins, tmp_path):
    twins()[0].save_pretrained(tmp_path)
    loaded, report = Gemma2ForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert isinstance(loaded, Gemma2ForCausalLM)
    assert not report["missing_keys"]


def test_the_config_alone(twins, tmp_path):
    twins()[0].save_pretrained(tmp_path)
    config = Gemma2Config.from_pretrained(tmp_path)
    assert isinstance(config, Gemma2Config)
    assert config.sliding_window == 5
