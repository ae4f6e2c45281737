"""Caches and labels that do not fit the call are refused in a sentence, and the cache stays as it was."""

import pytest
import torch
from transformers.cache_utils import DynamicCache

from gemma2_workbench.model import HybridCache

IDS = torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12]])


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
