"""Bad input ends in a sentence: what was given, what is allowed; never silent, never a crash inside torch."""

import math

import pytest
import torch
from transformers.cache_utils import DynamicCache

from model import Gemma2Config, Gemma2ForCausalLM, HybridCache

nan, inf = math.nan, math.inf
IDS = torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12]])

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
    "scaled rotary angles": (
        {"rope_parameters": {"rope_theta": 1e4, "rope_type": "linear", "factor": 2.0}},
        ["rope", "linear"],
    ),
    "scaled rotary angles in the old spelling": (
        {"rope_scaling": {"type": "linear", "factor": 2.0}},
        ["rope", "linear"],
    ),
    "pad token beyond the vocabulary": ({"pad_token_id": 97}, ["pad_token_id", "97", "96"]),
    "no vocabulary": ({"vocab_size": 0}, ["vocab_size", "0"]),
    "dropout above 1": ({"attention_dropout": 1.5}, ["attention_dropout", "1.5"]),
    "text for a number": ({"hidden_size": "wide"}, ["hidden_size", "wide"]),
    "no layers": ({"num_hidden_layers": -1}, ["num_hidden_layers", "-1"]),
}


@pytest.mark.parametrize("case", BAD_CONFIGS)
def test_bad_config(tiny, case):
    changes, words = BAD_CONFIGS[case]
    with pytest.raises((ValueError, TypeError)) as caught:
        Gemma2ForCausalLM(Gemma2Config(**tiny | changes))
    missing = [word for word in words if word not in str(caught.value)]
    assert not missing, str(caught.value)


# name -> (arguments of forward, words of the message)
BAD_CALLS = {
    "id beyond the vocabulary": ({"input_ids": torch.tensor([[5, 97]])}, ["input_ids", "97", "96"]),
    "negative id": ({"input_ids": torch.tensor([[-1, 5]])}, ["input_ids", "-1", "0"]),
    "ids without a batch": ({"input_ids": IDS[0]}, ["input_ids", "[4]", "batch"]),
    "ids with a third axis": ({"input_ids": IDS[None]}, ["input_ids", "[1, 2, 4]"]),
    "float ids": ({"input_ids": IDS.float()}, ["input_ids", "float32"]),
    "bool ids": ({"input_ids": IDS > 6}, ["input_ids", "bool"]),
    "a list of ids": ({"input_ids": IDS.tolist()}, ["input_ids", "list", "tensor"]),
    "text for ids": ({"input_ids": "Hello"}, ["input_ids", "str"]),
    "no tokens": ({"input_ids": torch.zeros(2, 0, dtype=torch.long)}, ["[2, 0]", "token"]),
    "no rows": ({"input_ids": torch.zeros(0, 4, dtype=torch.long)}, ["[0, 4]"]),
    "nothing": ({}, ["input_ids", "inputs_embeds"]),
    "ids and embeddings": (
        {"input_ids": IDS, "inputs_embeds": torch.zeros(2, 4, 32)},
        ["input_ids", "inputs_embeds", "one"],
    ),
    "embeddings of the wrong width": ({"inputs_embeds": torch.zeros(2, 4, 33)}, ["inputs_embeds", "32", "33"]),
    "embeddings without a batch": ({"inputs_embeds": torch.zeros(4, 32)}, ["inputs_embeds", "[4, 32]"]),
    "whole-number embeddings": (
        {"inputs_embeds": torch.zeros(2, 4, 32, dtype=torch.long)},
        ["inputs_embeds", "int64"],
    ),
    "embeddings of another dtype": (
        {"inputs_embeds": torch.zeros(2, 4, 32, dtype=torch.bfloat16)},
        ["inputs_embeds", "bfloat16", "float32"],
    ),
    "empty embeddings": ({"inputs_embeds": torch.zeros(2, 0, 32)}, ["[2, 0, 32]"]),
    "mask too short": ({"input_ids": IDS, "attention_mask": torch.ones(2, 3)}, ["attention_mask", "[2, 4]", "[2, 3]"]),
    "mask too long": ({"input_ids": IDS, "attention_mask": torch.ones(2, 5)}, ["attention_mask", "[2, 4]", "[2, 5]"]),
    "mask with more rows": ({"input_ids": IDS, "attention_mask": torch.ones(3, 4)}, ["attention_mask", "[3, 4]"]),
    "mask with fewer rows": ({"input_ids": IDS, "attention_mask": torch.ones(1, 4)}, ["attention_mask", "[1, 4]"]),
    "mask without a batch": ({"input_ids": IDS, "attention_mask": torch.ones(4)}, ["attention_mask", "[4]"]),
    "additive mask": (
        {"input_ids": IDS, "attention_mask": torch.zeros(2, 1, 4, 4)},
        ["attention_mask", "[2, 1, 4, 4]"],
    ),
    "additive mask in two axes": (
        {"input_ids": IDS, "attention_mask": torch.tensor([[-1e9, 0, 0, 0]] * 2)},
        ["attention_mask", "0", "1"],
    ),
    "mask of nan": ({"input_ids": IDS, "attention_mask": torch.full((2, 4), nan)}, ["attention_mask", "nan"]),
    "a list for a mask": ({"input_ids": IDS, "attention_mask": [[1] * 4] * 2}, ["attention_mask", "list"]),
    "a dictionary of masks": (
        {"input_ids": IDS, "attention_mask": {"full_attention": None}},
        ["attention_mask", "dict"],
    ),
    "too long": ({"input_ids": torch.full((1, 65), 5)}, ["65", "max_position_embeddings", "64"]),
    "positions of the wrong length": (
        {"input_ids": IDS, "position_ids": torch.arange(5)[None]},
        ["position_ids", "[2, 4]", "[1, 5]"],
    ),
    "positions for other rows": (
        {"input_ids": IDS, "position_ids": torch.arange(4).repeat(3, 1)},
        ["position_ids", "[3, 4]"],
    ),
    "positions without a batch": ({"input_ids": IDS, "position_ids": torch.arange(4)}, ["position_ids", "[4]"]),
    "float positions": ({"input_ids": IDS, "position_ids": torch.arange(4.0)[None]}, ["position_ids", "float32"]),
    "negative positions": ({"input_ids": IDS, "position_ids": torch.arange(-1, 3)[None]}, ["position_ids", "-1"]),
    "positions beyond the end": (
        {"input_ids": IDS, "position_ids": torch.arange(61, 65)[None]},
        ["position_ids", "64", "max_position_embeddings"],
    ),
    "a list for positions": ({"input_ids": IDS, "position_ids": [[0, 1, 2, 3]]}, ["position_ids", "list"]),
    "unknown keyword": ({"input_ids": IDS, "head_mask": None}, ["head_mask"]),
    "misspelt keyword": ({"input_ids": IDS, "attention_masks": None}, ["attention_masks", "attention_mask"]),
    "labels beyond the vocabulary": (
        {"input_ids": IDS, "labels": torch.full((2, 4), 97)},
        ["labels", "97", "96", "-100"],
    ),
    "negative labels": ({"input_ids": IDS, "labels": torch.full((2, 4), -1)}, ["labels", "-1", "-100"]),
    "labels of another shape": ({"input_ids": IDS, "labels": IDS[:, :3]}, ["labels", "[2, 4]", "[2, 3]"]),
    "float labels": ({"input_ids": IDS, "labels": IDS.float()}, ["labels", "float32"]),
    "a list for labels": ({"input_ids": IDS, "labels": IDS.tolist()}, ["labels", "list"]),
    "labels and a part of the logits": (
        {"input_ids": IDS, "labels": IDS, "logits_to_keep": 2},
        ["labels", "logits_to_keep"],
    ),
    "labels and positions of logits": (
        {"input_ids": IDS, "labels": IDS, "logits_to_keep": torch.tensor([3, 2, 1, 0])},
        ["labels", "logits_to_keep"],
    ),
    "negative count of logits": ({"input_ids": IDS, "logits_to_keep": -2}, ["logits_to_keep", "-2"]),
    "logits beyond the end": ({"input_ids": IDS, "logits_to_keep": torch.tensor([4])}, ["logits_to_keep", "4"]),
    "logits at float positions": (
        {"input_ids": IDS, "logits_to_keep": torch.tensor([1.0])},
        ["logits_to_keep", "float"],
    ),
    "logits at a table of positions": (
        {"input_ids": IDS, "logits_to_keep": torch.tensor([[1]])},
        ["logits_to_keep", "[1, 1]"],
    ),
    "text for a count of logits": ({"input_ids": IDS, "logits_to_keep": "last"}, ["logits_to_keep", "str"]),
    "text for a cache": ({"input_ids": IDS, "past_key_values": "cache"}, ["past_key_values", "str"]),
    "a number for a cache": ({"input_ids": IDS, "past_key_values": 3}, ["past_key_values", "int"]),
    "no layers in the cache": ({"input_ids": IDS, "past_key_values": ()}, ["past_key_values", "4"]),
    "too few layers in the cache": (
        {"input_ids": IDS, "past_key_values": ((torch.zeros(2, 2, 3, 8),) * 2,) * 3},
        ["past_key_values", "4", "3"],
    ),
    "keys without values": (
        {"input_ids": IDS, "past_key_values": ((torch.zeros(2, 2, 3, 8),),) * 4},
        ["past_key_values"],
    ),
    "cache with a row per query head": (
        {"input_ids": IDS, "past_key_values": ((torch.zeros(2, 4, 3, 8),) * 2,) * 4},
        ["past_key_values", "2", "8", "4"],
    ),
    "cache of another batch": (
        {"input_ids": IDS, "past_key_values": ((torch.zeros(3, 2, 3, 8),) * 2,) * 4},
        ["past_key_values", "2", "3"],
    ),
    "flat cache tensors": (
        {"input_ids": IDS, "past_key_values": ((torch.zeros(2, 3),) * 2,) * 4},
        ["past_key_values"],
    ),
    "texts in the cache": ({"input_ids": IDS, "past_key_values": (("k", "v"),) * 4}, ["past_key_values"]),
    "a hidden state that is not there": (
        {"input_ids": IDS, "output_hidden_states": [5]},
        ["output_hidden_states", "5"],
    ),
}


@pytest.mark.parametrize("case", BAD_CALLS)
def test_bad_call(twins, case):
    ours, _ = twins()
    arguments, words = BAD_CALLS[case]
    with pytest.raises((ValueError, TypeError)) as caught:
        ours(**arguments)
    missing = [word for word in words if word not in str(caught.value)]
    assert not missing, str(caught.value)
    assert torch.isfinite(ours(IDS).logits).all(), "the model still works afterwards"


def test_past_and_new_tokens_together_are_too_long(twins, token_ids):
    ours, _ = twins()
    cache = ours(token_ids(1, 60)).past_key_values
    with pytest.raises(ValueError, match="65 tokens.*max_position_embeddings=64"):
        ours(token_ids(1, 5), past_key_values=cache)
    assert ours(token_ids(1, 4), past_key_values=cache).logits.shape[1] == 4


@pytest.mark.parametrize("make", [DynamicCache, lambda config: HybridCache(config, 2, 20)])
def test_a_cache_of_another_batch(twins, token_ids, make):
    ours, _ = twins()
    cache = ours(token_ids(2, 6), past_key_values=make(config=ours.config)).past_key_values
    with pytest.raises(ValueError, match="past_key_values"):
        ours(token_ids(3, 1), past_key_values=cache)


def test_a_static_cache_that_is_full(twins, token_ids):
    ours, _ = twins()
    cache = ours(token_ids(2, 9), past_key_values=HybridCache(ours.config, 2, 10)).past_key_values
    with pytest.raises(ValueError, match="10"):
        ours(token_ids(2, 2), past_key_values=cache)


def test_bad_labels_leave_the_cache_alone(twins, token_ids):
    ours, _ = twins()
    cache = ours(token_ids(1, 6)).past_key_values
    for labels in (torch.tensor([[5, 97]]), torch.tensor([[5]])):
        with pytest.raises(ValueError, match="labels"):
            ours(token_ids(1, 2), past_key_values=cache, labels=labels)
    assert cache.get_seq_length() == 6


def test_a_mask_without_the_past_is_refused(twins, token_ids):
    ours, _ = twins()
    cache = ours(token_ids(2, 6)).past_key_values
    with pytest.raises(ValueError, match=r"\[2, 7\].*\[2, 1\]"):
        ours(token_ids(2, 1), past_key_values=cache, attention_mask=torch.ones(2, 1))


@pytest.mark.parametrize("head", ["Model", "ForSequenceClassification", "ForTokenClassification"])
@pytest.mark.parametrize("case", ["id beyond the vocabulary", "mask too short", "unknown keyword", "nothing"])
def test_every_class_refuses_alike(twins, head, case):
    ours, _ = twins(head)
    arguments, words = BAD_CALLS[case]
    with pytest.raises((ValueError, TypeError)) as caught:
        ours(**arguments)
    assert not [word for word in words if word not in str(caught.value)], str(caught.value)


SEQUENCE, TOKEN = "ForSequenceClassification", "ForTokenClassification"
BAD_LABELS = {
    "class beyond the last": (SEQUENCE, {}, torch.tensor([0, 3]), ["labels", "3", "2"]),
    "negative class": (SEQUENCE, {}, torch.tensor([0, -1]), ["labels", "-1"]),
    "labels for other rows": (SEQUENCE, {}, torch.tensor([0, 1, 2]), ["labels", "[2]", "[3]"]),
    "float classes in a row": (SEQUENCE, {}, torch.tensor([0.0, 1.0]), ["labels", "[2, 3]", "[2]"]),
    "whole numbers for a class of one": (
        SEQUENCE,
        {"problem_type": "single_label_classification"},
        torch.tensor([0.5, 1.0]),
        ["labels", "float32"],
    ),
    "regression of the wrong width": (
        SEQUENCE,
        {"problem_type": "regression"},
        torch.zeros(2, 2),
        ["labels", "[2, 3]", "[2, 2]"],
    ),
    "unknown problem": (SEQUENCE, {"problem_type": "guessing"}, torch.tensor([0, 1]), ["problem_type", "guessing"]),
    "tag beyond the last": (TOKEN, {}, torch.full((2, 4), 3), ["labels", "3", "2", "-100"]),
    "one tag per sequence": (TOKEN, {}, torch.tensor([0, 1]), ["labels", "[2, 4]", "[2]"]),
    "float tags": (TOKEN, {}, torch.zeros(2, 4), ["labels", "float32"]),
}


@pytest.mark.parametrize("case", BAD_LABELS)
def test_bad_labels(tiny, twins, case):
    head, changes, labels, words = BAD_LABELS[case]
    with pytest.raises((ValueError, TypeError)) as caught:
        twins(head, num_labels=3, **changes)[0](IDS, labels=labels)
    assert not [word for word in words if word not in str(caught.value)], str(caught.value)


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
