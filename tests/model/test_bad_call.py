"""Bad arguments end in a sentence: what was given, what is allowed; never silent, never a crash inside torch."""

import math

import pytest
import torch

IDS = torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12]])


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
    "mask of nan": ({"input_ids": IDS, "attention_mask": torch.full((2, 4), math.nan)}, ["attention_mask", "nan"]),
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


@pytest.mark.parametrize("head", ["Model", "ForSequenceClassification", "ForTokenClassification"])
@pytest.mark.parametrize("case", ["id beyond the vocabulary", "mask too short", "unknown keyword", "nothing"])
def test_every_class_refuses_alike(twins, head, case):
    ours, _ = twins(head)
    arguments, words = BAD_CALLS[case]
    with pytest.raises((ValueError, TypeError)) as caught:
        ours(**arguments)
    assert not [word for word in words if word not in str(caught.value)], str(caught.value)
