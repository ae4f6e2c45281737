"""Caches as tuples of (keys, values) per layer: tuples in, tuples out, the same numbers."""

from functools import partial

import torch
from torch.testing import assert_close
from transformers.cache_utils import DynamicCache

close = partial(assert_close, atol=1e-4, rtol=1e-4)


LENGTH = 18


def legacy(model, ids):
    """The (keys, values) of every layer, all tokens in each, as transformers 4.42 kept them."""
    cache = model(ids, past_key_values=DynamicCache()).past_key_values
    return tuple((layer.keys, layer.values) for layer in cache.layers)


@torch.no_grad()
def test_tuples_in_tuples_out_step_after_step(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, LENGTH)
    past, logits = legacy(ours, ids[:, :7]), []
    before = [keys.clone() for keys, _ in past]
    for start, stop in ((7, 8), (8, 15), (15, 18)):
        held = past
        output = ours(ids[:, start:stop], past_key_values=held)
        past = output.past_key_values
        logits.append(output.logits)
        assert isinstance(past, tuple)
        assert all(isinstance(pair, tuple) and len(pair) == 2 for pair in past)
        assert {tensor.shape for pair in past for tensor in pair} == {(2, 2, stop, 8)}
    close(torch.cat(logits, 1), stock(ids).logits[:, 7:])
    for (keys, _), copy in zip(legacy(ours, ids[:, :7]), before, strict=True):
        assert_close(keys, copy)


@torch.no_grad()
def test_tuples_given_are_not_changed(twins, token_ids):
    ours, _ = twins()
    past = legacy(ours, token_ids(2, 7))
    copies = [(keys.clone(), values.clone()) for keys, values in past]
    ours(token_ids(2, 3), past_key_values=past)
    for (keys, values), (old_keys, old_values) in zip(past, copies, strict=True):
        assert torch.equal(keys, old_keys)
        assert torch.equal(values, old_values)


@torch.no_grad()
def test_tuples_with_padding_and_plain_tuple_outputs(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, LENGTH)
    mask = torch.tensor([[1] * LENGTH, [0] * 3 + [1] * 15])
    expected = stock(ids, attention_mask=mask).logits[:, 7:]
    output = ours(ids[:, :7], attention_mask=mask[:, :7], past_key_values=DynamicCache())
    past = tuple((layer.keys, layer.values) for layer in output.past_key_values.layers)
    plain = ours(ids[:, 7:], attention_mask=mask, past_key_values=past, return_dict=False)
    close(plain[0], expected)
    assert isinstance(plain[1][0], tuple)


@torch.no_grad()
def test_lists_of_pairs_are_taken_like_tuples(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, 9)
    past = [list(pair) for pair in legacy(ours, ids[:, :7])]
    logits = ours(ids[:, 7:], past_key_values=past).logits
    close(logits, stock(ids).logits[:, 7:])
