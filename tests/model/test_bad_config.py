"""A configuration that cannot work is refused when it is made, in a sentence."""

import math

import pytest

from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM, HybridCache

nan, inf = math.nan, math.inf


# name -> (config changes, words of the message)
BAD_CONFIGS = {
    "heads that do not share evenly": ({"num_key_value_heads": 3}, ["num_attention_heads", "num_key_value_heads", "3"]),
    "more key/value heads than heads": ({"num_key_value_heads": 8}, ["num_key_value_heads", "8"]),
    "no key/value heads": ({"num_key_value_heads": 0}, ["num_key_value_heads", "0"]),
    "window 0": ({"sliding_window": 0}, ["sliding_window", "0"]),
    "negative window": ({"sliding_window": -1}, ["sliding_window", "-1"]),
    "no window with local layers": ({"sliding_window": None}, ["sliding_window", "None", "sliding_attention"]),
    "too few layer types": ({"layer_types": ["full_attention"]}, ["layer_types", "4"]),
    "unknown layer type": ({"layer_types": ["full_attention"] * 3 + ["local"]}, ["layer_types", "local"]),
    "attention cap 0": ({"attn_logit_softcapping": 0.0}, ["attn_logit_softcapping", "0", "None"]),
    "final cap 0": ({"final_logit_softcapping": 0.0}, ["final_logit_softcapping", "0", "None"]),
    "negative cap": ({"attn_logit_softcapping": -5.0}, ["attn_logit_softcapping", "-5"]),
    "cap nan": ({"final_logit_softcapping": nan}, ["final_logit_softcapping", "nan"]),
    "cap infinite": ({"attn_logit_softcapping": inf}, ["attn_logit_softcapping", "inf"]),
    "odd head width": ({"head_dim": 7}, ["head_dim", "7", "even"]),
    "head width 0": ({"head_dim": 0}, ["head_dim", "0"]),
    "scalar 0": ({"query_pre_attn_scalar": 0}, ["query_pre_attn_scalar", "0"]),
    "negative scalar": ({"query_pre_attn_scalar": -256.0}, ["query_pre_attn_scalar", "-256"]),
    "scalar nan": ({"query_pre_attn_scalar": nan}, ["query_pre_attn_scalar", "nan"]),
    "unknown activation": ({"hidden_activation": "swishy"}, ["hidden_activation", "swishy", "gelu_pytorch_tanh"]),
    "rotary base 0": ({"rope_theta": 0.0}, ["rope_theta", "0"]),
    "unknown rotary type": (
        {"rope_parameters": {"rope_theta": 1e4, "rope_type": "spiral"}},
        ["rope", "spiral"],
    ),
    "scaled rotary angles without a factor": (
        {"rope_parameters": {"rope_theta": 1e4, "rope_type": "linear"}},
        ["'linear' needs 'factor'"],
    ),
    "a factor that shortens, in the old spelling": (
        {"rope_scaling": {"type": "linear", "factor": 0.5}},
        ["factor=0.5", "linear", "from 1"],
    ),
    "a text for a factor": ({"rope_scaling": {"type": "dynamic", "factor": "2"}}, ["factor='2'", "dynamic"]),
    "half of the coordinates turned": (
        {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "partial_rotary_factor": 0.5}},
        ["4 coordinates", "head_dim=8"],
    ),
    "angles that are no numbers": (
        {"rope_scaling": {"type": "llama3", "factor": 2.0, "low_freq_factor": 0.0, "high_freq_factor": 0.0}},
        ["llama3", "cannot be computed"],
    ),
    "too few factors": (
        {"rope_scaling": {"type": "longrope", "short_factor": [1.0], "long_factor": [1.0, 2.0]}},
        ["longrope"],
    ),
    "a trained length below 1": (
        {"rope_scaling": {"type": "yarn", "factor": 2.0, "original_max_position_embeddings": 0}},
        ["original_max_position_embeddings=0"],
    ),
    "pad token beyond the vocabulary": ({"pad_token_id": 97}, ["pad_token_id", "97", "96"]),
    "no vocabulary": ({"vocab_size": 0}, ["vocab_size", "0"]),
    "dropout above 1": ({"attention_dropout": 1.5}, ["attention_dropout", "1.5"]),
    "text for a number": ({"hidden_size": "wide"}, ["hidden_size", "wide"]),
    "a list for a number": ({"sliding_window": [1]}, ["sliding_window=[1] must be a whole number or None"]),
    "a whole number for a cap": ({"attn_logit_softcapping": 50}, ["=50 must be a number with a point"]),
    "a text for either number": ({"attention_dropout": "\ud800"}, ["must be a number or None"]),
    "rotary angles by layer": ({"rope_parameters": {"full_attention": {"rope_theta": 1e4}}}, ["rope_theta"]),
    "code in words": ({"auto_map": 1}, ["auto_map=1 must be a dictionary"]),
    "a part of the class": ({"attribute_map": {"a": "b"}}, ["attribute_map", "no setting"]),
    "no layers": ({"num_hidden_layers": -1}, ["num_hidden_layers", "-1"]),
}


@pytest.mark.parametrize("case", BAD_CONFIGS)
def test_bad_config(tiny, case):
    changes, words = BAD_CONFIGS[case]
    with pytest.raises((ValueError, TypeError)) as caught:
        Gemma2ForCausalLM(Gemma2Config(**tiny | changes))
    missing = [word for word in words if word not in str(caught.value)]
    assert not missing, str(caught.value)


@pytest.mark.parametrize("arguments", [{"max_batch_size": 0}, {"max_cache_len": 0}, {"max_cache_len": -3}])
def test_bad_hybrid_cache(tiny, arguments):
    (name, value), *_ = arguments.items()
    with pytest.raises(ValueError, match=f"{name}={value}"):
        HybridCache(Gemma2Config(**tiny), **arguments)


@pytest.mark.parametrize("implementation", ["sdpa", "flash_attention_2", "nonsense"])
def test_attention_that_cannot_cap_is_refused(tiny, implementation):
    with pytest.raises((ValueError, ImportError)) as caught:
        Gemma2ForCausalLM(Gemma2Config(**tiny | {"attn_implementation": implementation}))
    assert "eager" in str(caught.value)


@pytest.mark.parametrize("implementation", ["sdpa", "flash_attention_2"])
def test_attention_that_cannot_cap_is_refused_later_too(twins, implementation):
    ours, _ = twins()
    with pytest.raises((ValueError, ImportError)):
        ours.set_attn_implementation(implementation)
