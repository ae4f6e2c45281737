"""Cached and chunked decoding equals the full forward pass, past the window too, with every kind of cache."""

from functools import partial
from typing import Any

import pytest
import torch
from torch.testing import assert_close
from transformers.cache_utils import DynamicCache, StaticCache

from gemma2_workbench.model import HybridCache

close = partial(assert_close, atol=1e-4, rtol=1e-4)


LENGTH = 18


CHUNKS = {
    "one by one": [1] * LENGTH,
    "prefill, then steps": [9] + [1] * 9,
    "prefill within the window, then steps": [3] + [1] * 15,
    "prefill of exactly the window": [5] + [1] * 13,
    "chunks": [3, 1, 4, 7, 3],
    "a chunk longer than the window after the window": [6, 12],
    "all at once": [LENGTH],
}


CACHES = {
    "none given": lambda config: None,
    "dynamic per layer": lambda config: DynamicCache(config=config),
    "dynamic full length": lambda config: DynamicCache(),
    "static": lambda config: StaticCache(config=config, max_cache_len=24),
    "static of exactly the length": lambda config: StaticCache(config=config, max_cache_len=LENGTH),
    "hybrid": lambda config: HybridCache(config, 2, 24, torch.device("cpu"), torch.float32),
    "hybrid, default length": lambda config: HybridCache(config, max_batch_size=2),
}


def decode(model, ids, chunks, cache=None, mask=None, **arguments):
    """Feed `ids` in chunks through one cache; returns the outputs of all steps."""
    outputs, start = [], 0
    for size in chunks:
        stop = start + size
        output = model(
            ids[:, start:stop],
            attention_mask=None if mask is None else mask[:, :stop],
            past_key_values=cache,
            use_cache=True,
            **arguments,
        )
        cache, start = output.past_key_values, stop
        outputs.append(output)
    return outputs


def logits_of(outputs):
    """All steps' logits side by side, [B, T, V]."""
    return torch.cat([output.logits for output in outputs], dim=1)


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("chunks", CHUNKS)
@torch.no_grad()
def test_any_cache_and_chunking_equals_the_full_pass(twins, token_ids, cache, chunks):
    ours, stock = twins()
    ids = token_ids(2, LENGTH)
    outputs = decode(ours, ids, CHUNKS[chunks], CACHES[cache](ours.config))
    close(logits_of(outputs), stock(ids).logits)


@pytest.mark.parametrize("window", [1, 2, 3, 17, 18, 40])
@pytest.mark.parametrize("cache", ["none given", "dynamic full length", "static", "hybrid"])
@torch.no_grad()
def test_any_window_is_right_with_a_cache(twins, token_ids, window, cache):
    ours, stock = twins(sliding_window=window)
    ids = token_ids(2, LENGTH)
    outputs = decode(ours, ids, [4, 1, 1, 6, 1, 5], CACHES[cache](ours.config))
    close(logits_of(outputs), stock(ids).logits)


@pytest.mark.parametrize("cache", ["none given", "dynamic full length", "static", "hybrid"])
@pytest.mark.parametrize("side", ["left", "right"])
@torch.no_grad()
def test_padding_with_a_cache(twins, token_ids, cache, side):
    ours, stock = twins()
    ids = token_ids(2, LENGTH)
    padded = [0] * 8 + [1] * 10 if side == "left" else [1] * 6 + [0] * 5 + [1] * 7
    mask = torch.tensor([padded, [1] * LENGTH])
    outputs = decode(ours, ids, [12, 1, 1, 4], CACHES[cache](ours.config), mask)
    seen = mask.bool()
    expected = stock(ids, attention_mask=mask).logits
    close(logits_of(outputs)[seen], expected[seen])


@pytest.mark.parametrize("chunks", [[9, 1, 1, 7], [3, 1, 4, 7, 3], [6, 12]])
@pytest.mark.parametrize("left", [0, 7])
@torch.no_grad()
def test_every_step_equals_the_step_of_the_reference_maps_included(twins, token_ids, chunks, left):
    ours, stock = twins()
    ids = token_ids(2, LENGTH)
    mask = torch.ones(2, LENGTH, dtype=torch.long)
    mask[0, :left] = 0
    mine = decode(ours, ids, chunks, mask=mask, output_attentions=True)
    theirs = decode(stock, ids, chunks, mask=mask, output_attentions=True)
    past = 0
    for own, reference, size in zip(mine, theirs, chunks, strict=True):
        close(own.logits, reference.logits)
        for layer, (a, b) in enumerate(zip(own.attentions, reference.attentions, strict=True)):
            kept = past if layer % 2 else min(past, 4)
            assert a.shape == (2, 4, size, kept + size)
            assert_close(a, b, atol=1e-4, rtol=0)
        past += size


@torch.no_grad()
def test_position_ids_that_skip_padding(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, LENGTH)
    mask = torch.tensor([[0] * 6 + [1] * 12, [1] * LENGTH])
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    expected = stock(ids, attention_mask=mask, position_ids=positions).logits
    cache, logits = None, []
    for start, stop in ((0, 8), (8, 9), (9, LENGTH)):
        output = ours(
            ids[:, start:stop],
            attention_mask=mask[:, :stop],
            position_ids=positions[:, start:stop],
            past_key_values=cache,
        )
        cache = output.past_key_values
        logits.append(output.logits)
    seen = mask.bool()
    close(torch.cat(logits, 1)[seen], expected[seen])


@torch.no_grad()
def test_a_padded_row_decodes_like_the_row_alone(twins, token_ids):
    ours, _ = twins()
    ids = token_ids(1, 12)
    padded = torch.cat((torch.zeros(1, 6, dtype=torch.long), ids), 1)
    mask = torch.tensor([[0] * 6 + [1] * 12])
    outputs = decode(ours, padded, [10, 1, 7], mask=mask)
    # Rotary angles depend on distances alone, so a shift of all positions changes nothing.
    assert_close(logits_of(outputs)[:, 6:], ours(ids).logits, atol=5e-4, rtol=1e-3)


@torch.no_grad()
def test_caches_of_the_reference_and_ours_are_interchangeable(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, LENGTH)
    expected = stock(ids).logits[:, 9:]
    handed_over = stock(ids[:, :9]).past_key_values
    close(ours(ids[:, 9:], past_key_values=handed_over).logits, expected)
    handed_back = ours(ids[:, :9]).past_key_values
    close(stock(ids[:, 9:], past_key_values=handed_back).logits, expected)


@torch.no_grad()
def test_the_cache_counts_every_token_and_local_layers_store_a_window(twins, token_ids):
    ours, _ = twins()
    cache = ours(token_ids(2, 13)).past_key_values
    assert cache.get_seq_length() == 13
    assert [cache.layers[layer].keys.shape[2] for layer in range(4)] == [4, 13, 4, 13]
    cache = ours(token_ids(2, 1), past_key_values=cache).past_key_values
    assert cache.get_seq_length() == 14
    assert [cache.layers[layer].keys.shape[2] for layer in range(4)] == [4, 14, 4, 14]


@torch.no_grad()
def test_no_cache_on_request_by_argument_or_config(twins, token_ids):
    ours, _ = twins()
    ids = token_ids(1, 9)
    assert ours(ids, use_cache=False).past_key_values is None
    close(ours(ids, use_cache=False).logits, ours(ids).logits)
    ours.config.use_cache = False
    assert ours(ids).past_key_values is None
    assert ours(ids, use_cache=True).past_key_values is not None


def test_hybrid_cache_by_keyword_and_with_a_dtype(twins):
    ours, _ = twins()
    cache: Any = HybridCache(config=ours.config, max_batch_size=3, max_cache_len=20, device="cpu", dtype=torch.bfloat16)
    assert cache.layers[0].keys.shape == (3, 2, 5, 8)
    assert cache.layers[1].keys.shape == (3, 2, 20, 8)
    assert cache.layers[1].keys.dtype == torch.bfloat16
    assert int(cache.get_seq_length()) == 0


@torch.no_grad()
def test_a_cache_can_be_reset_and_used_again(twins, token_ids):
    ours, stock = twins()
    cache = HybridCache(ours.config, 2, 24)
    for seed in (0, 1):
        ids = token_ids(2, LENGTH, seed)
        outputs = decode(ours, ids, [7, 1, 10], cache)
        close(logits_of(outputs), stock(ids).logits)
        cache.reset()


@pytest.mark.parametrize("head", ["ForSequenceClassification", "ForTokenClassification", "Model"])
@torch.no_grad()
def test_every_class_takes_a_cache(twins, token_ids, head):
    ours, _ = twins(head)
    ids = token_ids(2, 12)
    trunk = ours if head == "Model" else ours.model
    cache = trunk(ids[:, :8]).past_key_values
    later, full = ours(ids[:, 8:], past_key_values=cache), ours(ids)
    if head == "ForSequenceClassification":
        close(later.logits, full.logits)
    else:
        close(later[0], full[0][:, 8:])
