"""Auto classes and pipelines give our classes while registered, transformers' own before, after and beside that."""

import json

import pytest
import torch
import transformers
from torch.testing import assert_close
from transformers import AutoConfig, AutoModel, AutoTokenizer, PaliGemmaConfig, PaliGemmaForConditionalGeneration

import gemma2_workbench.model as ours_package
from gemma2_workbench import embedded
from gemma2_workbench.model import Gemma2Config, register, unregister

AUTO = {
    "Model": transformers.AutoModel,
    "ForCausalLM": transformers.AutoModelForCausalLM,
    "ForSequenceClassification": transformers.AutoModelForSequenceClassification,
    "ForTokenClassification": transformers.AutoModelForTokenClassification,
}
PIPELINES = {
    "text-generation": ("ForCausalLM", {"max_new_tokens": 4, "do_sample": False}),
    "text-classification": ("ForSequenceClassification", {}),
    "token-classification": ("ForTokenClassification", {}),
}


@pytest.fixture(autouse=True)
def _nothing_stays():
    yield
    unregister()


def first(output):
    """Logits or last hidden state."""
    return output.logits if "logits" in output else output.last_hidden_state


def test_importing_changes_nothing():
    assert transformers.CONFIG_MAPPING["gemma2"] is transformers.Gemma2Config
    assert not any(Gemma2Config in auto._model_mapping._extra_content for auto in AUTO.values())


@pytest.mark.parametrize("shards", ["10GB", "20KB"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("head", AUTO)
@torch.no_grad()
def test_there_and_back_bit_for_bit(twins, token_ids, tmp_path, head, tied, shards):
    ours, _ = twins(head, tie_word_embeddings=tied)
    ids = token_ids(2, 9)
    ours.save_pretrained(tmp_path / "ours", max_shard_size=shards)
    stock = AUTO[head].from_pretrained(tmp_path / "ours", attn_implementation="eager").eval()
    assert type(stock) is getattr(transformers, f"Gemma2{head}")
    stock.save_pretrained(tmp_path / "theirs", max_shard_size=shards)
    with register():
        back = AUTO[head].from_pretrained(tmp_path / "theirs").eval()
    assert type(back) is getattr(ours_package, f"Gemma2{head}")
    for model in (stock, back):
        assert model.state_dict().keys() == ours.state_dict().keys()
        assert all(torch.equal(weight, ours.state_dict()[name]) for name, weight in model.state_dict().items())
    assert torch.equal(first(back(ids)), first(ours(ids)))
    assert_close(first(stock(ids)), first(ours(ids)), atol=1e-4, rtol=1e-4)
    again = getattr(transformers, f"Gemma2{head}").from_pretrained(tmp_path / "theirs", attn_implementation="eager")
    assert torch.equal(first(again.eval()(ids)), first(stock(ids)))


def test_a_registration_ends_and_others_keep_theirs(twins, tmp_path):
    twins("Model")[0].save_pretrained(tmp_path)

    def given():
        return type(AutoModel.from_pretrained(tmp_path, attn_implementation="eager"))

    one = register()
    with register():
        assert given() is ours_package.Gemma2Model
    assert given() is ours_package.Gemma2Model, "the first still holds"
    one.end()
    one.end()
    assert given() is transformers.Gemma2Model
    register()
    register()
    unregister()
    assert given() is transformers.Gemma2Model
    with pytest.raises(KeyError), register():
        raise KeyError
    assert given() is transformers.Gemma2Model


def test_a_config_of_ours_asks_for_ours_and_one_of_theirs_for_theirs(tiny, twins, tmp_path):
    twins("ForCausalLM")[0].save_pretrained(tmp_path)
    with register():
        assert type(AutoConfig.from_pretrained(tmp_path)) is Gemma2Config
        assert AutoConfig.from_pretrained(tmp_path, sliding_window=3).sliding_window == 3
        theirs = transformers.Gemma2Config.from_pretrained(tmp_path)
        for head, auto in AUTO.items():
            assert type(auto.from_config(Gemma2Config(**tiny))) is getattr(ours_package, f"Gemma2{head}")
            built = auto.from_config(theirs, attn_implementation="eager")
            assert type(built) is getattr(transformers, f"Gemma2{head}")
            assert type(built.base_model) is transformers.Gemma2Model
            named = getattr(transformers, f"Gemma2{head}").from_pretrained(tmp_path)
            assert type(named.base_model) is transformers.Gemma2Model


@torch.no_grad()
def test_a_larger_model_with_gemma_2_inside_keeps_transformers_own(tiny):
    values = {"model_type": "gemma2", **{name: value for name, value in tiny.items() if name != "attn_implementation"}}
    vision = {"model_type": "siglip_vision_model", "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1}
    sizes = {"num_attention_heads": 2, "image_size": 14, "patch_size": 14, "projection_dim": 32}
    with register():
        config = PaliGemmaConfig(text_config=values, vision_config=vision | sizes, projection_dim=32)
        model = PaliGemmaForConditionalGeneration(config).eval()
    assert type(model.model.language_model) is transformers.Gemma2Model
    assert type(config.text_config) is transformers.Gemma2Config


@pytest.mark.parametrize("task", PIPELINES)
def test_pipelines(twins, tmp_path, task):
    head, arguments = PIPELINES[task]
    tokenizer = AutoTokenizer.from_pretrained(embedded()["tiny"])
    ours, _ = twins(head, vocab_size=len(tokenizer), max_position_embeddings=128)
    ours.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    texts = ["Emma met Mr. Knightley in Paris.", "Emma"]

    def said(**given):
        pipe = transformers.pipeline(task, **given)
        return type(pipe.model), json.dumps(
            [pipe(text, **arguments) for text in texts], default=lambda x: round(float(x), 3)
        )

    theirs, reference = said(model=str(tmp_path))
    handed, answer = said(model=ours, tokenizer=tokenizer)
    with register():
        registered, also = said(model=str(tmp_path))
    name = f"Gemma2{head}"
    assert theirs is getattr(transformers, name)
    assert handed is registered is getattr(ours_package, name)
    assert reference == answer == also
