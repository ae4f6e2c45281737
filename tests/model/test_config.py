"""Gemma2Config: every parameter of both documentation pages, their spellings and defaults."""

import json
from typing import Any

import pytest
import torch
import transformers

from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM, Gemma2Model


def config_of(*positional: Any, **arguments: Any) -> Any:
    """A config from any arguments, right or wrong; the type checker looks away."""
    return Gemma2Config(*positional, **arguments)


DEFAULTS = {
    "vocab_size": 256000,
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "hidden_activation": "gelu_pytorch_tanh",
    "max_position_embeddings": 8192,
    "initializer_range": 0.02,
    "rms_norm_eps": 1e-6,
    "use_cache": True,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 2,
    "tie_word_embeddings": True,
    "rope_theta": 10000.0,
    "attention_bias": False,
    "attention_dropout": 0.0,
    "query_pre_attn_scalar": 256,
    "sliding_window": 4096,
    "layer_types": ["sliding_attention", "full_attention"] * 13,
    "final_logit_softcapping": 30.0,
    "attn_logit_softcapping": 50.0,
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_default(name):
    assert getattr(Gemma2Config(), name) == DEFAULTS[name]


def test_every_parameter_of_the_page_is_a_keyword():
    changed = {
        "vocab_size": 50,
        "hidden_size": 48,
        "intermediate_size": 20,
        "num_hidden_layers": 3,
        "num_attention_heads": 6,
        "num_key_value_heads": 3,
        "head_dim": 16,
        "hidden_activation": "silu",
        "max_position_embeddings": 99,
        "initializer_range": 0.5,
        "rms_norm_eps": 1e-3,
        "use_cache": False,
        "pad_token_id": 3,
        "eos_token_id": [1, 7],
        "bos_token_id": None,
        "tie_word_embeddings": False,
        "rope_theta": 500.0,
        "attention_bias": True,
        "attention_dropout": 0.25,
        "query_pre_attn_scalar": 7.5,
        "sliding_window": 2,
        "layer_types": ["full_attention", "full_attention", "sliding_attention"],
        "final_logit_softcapping": None,
        "attn_logit_softcapping": 12.5,
    }
    assert set(changed) == set(DEFAULTS)
    config = config_of(**changed)
    assert {name: getattr(config, name) for name in changed} == changed
    again = config_of(**json.loads(config.to_json_string()))
    assert {name: getattr(again, name) for name in changed} == changed


def test_positional_arguments_are_refused():
    with pytest.raises(TypeError):
        config_of(97)


def test_odd_layers_are_global_by_default():
    kinds = config_of(num_hidden_layers=5).layer_types
    assert kinds == [
        "sliding_attention",
        "full_attention",
        "sliding_attention",
        "full_attention",
        "sliding_attention",
    ]


def test_no_key_value_heads_means_as_many_as_query_heads(tiny):
    assert config_of(**tiny | {"num_key_value_heads": None}).num_key_value_heads == 4


def test_no_activation_means_tanh_gelu(tiny):
    config = config_of(**tiny | {"hidden_activation": None})
    assert config.hidden_activation == "gelu_pytorch_tanh"


def test_hidden_act_of_old_files_gives_way_to_hidden_activation(tiny):
    config = config_of(**tiny, hidden_act="relu", hidden_activation="silu")
    assert config.hidden_activation == "silu"


def test_float_query_scalar_is_used(tiny):
    mine = Gemma2Model(config_of(**tiny | {"query_pre_attn_scalar": 12.5}))
    assert mine.config.query_pre_attn_scalar == 12.5


@pytest.mark.parametrize(
    "spelling",
    [
        {"rope_theta": 500.0},
        {"rope_parameters": {"rope_theta": 500.0, "rope_type": "default"}},
        {"rope_parameters": {"rope_theta": 500.0}},
    ],
)
def test_both_spellings_of_the_rotary_base_are_read_and_written(tiny, spelling):
    config = config_of(**tiny, **spelling)
    written = config.to_dict()
    from_dict: Any = Gemma2Config.from_dict
    for read in (config, config_of(**written), from_dict(written)):
        assert read.rope_theta == 500.0
        assert read.rope_parameters["rope_theta"] == 500.0
    assert written["rope_theta"] == 500.0
    assert written["rope_parameters"]["rope_theta"] == 500.0


def test_setting_the_rotary_base_changes_both_spellings(tiny):
    config = config_of(**tiny)
    config.rope_theta = 700.0
    assert config.rope_parameters["rope_theta"] == 700.0
    assert config.to_dict()["rope_theta"] == 700.0


def test_the_rotary_base_survives_a_file_written_by_either_side(tiny, tmp_path):
    stock: Any = transformers.Gemma2Config
    config_of(**tiny, rope_theta=500.0).save_pretrained(tmp_path)
    assert stock.from_pretrained(tmp_path).rope_parameters["rope_theta"] == 500
    stock(**tiny, rope_theta=600.0).save_pretrained(tmp_path)
    assert Gemma2Config.from_pretrained(tmp_path).rope_theta == 600.0


def test_diff_dict_holds_the_rotary_base_too(tiny):
    assert config_of(**tiny, rope_theta=500.0).to_diff_dict()["rope_theta"] == 500.0


@pytest.mark.parametrize("spelling", ["dtype", "torch_dtype"])
def test_both_spellings_of_the_dtype(tiny, spelling):
    config = config_of(**tiny, **{spelling: "bfloat16"})
    assert config.dtype == torch.bfloat16
    assert config.to_dict()["dtype"] == "bfloat16"


def test_unknown_keys_are_kept_and_written_back(tiny, tmp_path):
    config = config_of(**tiny, favourite_colour="green", nested={"a": [1, 2]})
    config.save_pretrained(tmp_path)
    again: Any = Gemma2Config.from_pretrained(tmp_path)
    assert again.favourite_colour == "green"
    assert again.nested == {"a": [1, 2]}


def test_inherited_settings_of_transformers(tiny):
    config = config_of(
        **tiny,
        id2label={"0": "O", "1": "B-PER", "2": "I-PER"},
        problem_type="single_label_classification",
        output_attentions=True,
        output_hidden_states=True,
        return_dict=False,
    )
    assert config.num_labels == 3
    assert config.id2label[1] == "B-PER"
    assert config.problem_type == "single_label_classification"
    assert config.output_attentions is True
    assert config.output_hidden_states is True
    assert config.return_dict is False
    assert config_of(**tiny).num_labels == 2
    assert config_of(**tiny, num_labels=4).id2label[3] == "LABEL_3"


def test_a_config_of_transformers_4_42_age_is_read(old_config, tmp_path):
    old = old_config | {"query_pre_attn_scalar": 224.0, "sliding_window_size": 4096, "eos_token_id": [1, 9]}
    (tmp_path / "config.json").write_text(json.dumps(old))
    config = Gemma2Config.from_pretrained(tmp_path)
    assert config.layer_types == ["sliding_attention", "full_attention"] * 2
    assert config.query_pre_attn_scalar == 224
    assert config.rope_theta == 10000.0
    assert config.eos_token_id == [1, 9]
    assert str(config.dtype) == "torch.float32"
    assert sum(p.numel() for p in Gemma2ForCausalLM(config).parameters()) > 0


def test_initial_weights_follow_the_config(tiny):
    torch.manual_seed(0)
    mine = Gemma2Model(config_of(**tiny | {"initializer_range": 0.5, "vocab_size": 500}))
    weights = mine.state_dict()
    assert weights["embed_tokens.weight"][1:].std() == pytest.approx(0.5, rel=0.05)
    assert not weights["embed_tokens.weight"][0].any(), "the pad row starts at zero"
    assert weights["layers.0.mlp.gate_proj.weight"].std() == pytest.approx(0.5, rel=0.1)
    assert not any(weight.any() for name, weight in weights.items() if "norm" in name)
