"""A cache that this model cannot go on with is refused in a sentence, before anything is written into it."""

import pytest
import torch
from transformers import DynamicCache, EncoderDecoderCache, StaticCache

from gemma2_workbench.model import Gemma2Config, HybridCache


def config_like(config, **changes):
    """The configuration with other values."""
    return Gemma2Config(**(config.to_dict() | changes))


def used(config, rows=2, tokens=3, **place):
    """A growing cache that holds `tokens` random keys and values of each layer."""
    cache = DynamicCache(config=config)
    for layer in range(config.num_hidden_layers):
        kv = torch.randn(rows, config.num_key_value_heads, tokens, config.head_dim, **place)
        cache.update(kv, kv, layer)
    return cache


MISMATCHES = {
    "dtype of a preallocated cache": (
        lambda c: HybridCache(c, 2, 24, dtype=torch.bfloat16),
        ["bfloat16", "float32", "dtype=torch.float32"],
    ),
    "dtype of a growing cache": (lambda c: used(c, dtype=torch.float16), ["float16", "dtype=torch.float32"]),
    "device": (lambda c: HybridCache(c, 2, 24, device="meta"), ["meta", "cpu", "device='cpu'"]),
    "batch": (lambda c: HybridCache(c, 3, 24), ["batch of 3", "2"]),
    "key/value heads": (lambda c: HybridCache(config_like(c, num_key_value_heads=4), 2, 24), ["4 key/value", "2 of"]),
    "head width": (lambda c: used(config_like(c, head_dim=16)), ["width 16", "width 8"]),
    "too many layers": (lambda c: used(config_like(c, num_hidden_layers=5, layer_types=None)), ["5 layers", "4"]),
    "too few layers": (
        lambda c: StaticCache(config=config_like(c, num_hidden_layers=3, layer_types=None), max_cache_len=24),
        ["3 layers", "4"],
    ),
    "length": (lambda c: HybridCache(c, 2, 8), ["room for 8", "9"]),
    "a shorter window": (lambda c: used(config_like(c, sliding_window=2)), ["last 2 keys", "layer 0", "5 keys"]),
    "a window in a global layer": (
        lambda c: used(config_like(c, layer_types=["sliding_attention"] * 4), tokens=7),
        ["last 5 keys", "layer 1", "all keys"],
    ),
    "an encoder's": (lambda c: EncoderDecoderCache(DynamicCache(), DynamicCache()), ["EncoderDecoderCache"]),
}


@pytest.mark.parametrize("case", MISMATCHES)
@torch.no_grad()
def test_a_cache_of_something_else_is_refused(twins, token_ids, case):
    ours, _ = twins()
    make, words = MISMATCHES[case]
    cache = make(ours.config)
    before = cache.get_seq_length()
    with pytest.raises((ValueError, TypeError)) as caught:
        ours(token_ids(2, 9), past_key_values=cache)
    assert not [word for word in words if word not in str(caught.value)], str(caught.value)
    assert cache.get_seq_length() == before


@torch.no_grad()
def test_a_float32_cache_for_a_bfloat16_model(twins, token_ids):
    ours = twins()[0].to(torch.bfloat16)
    with pytest.raises(ValueError, match="past_key_values holds float32, the model computes in bfloat16"):
        ours(token_ids(2, 9), past_key_values=HybridCache(ours.config, 2, 24))
    cache = HybridCache(ours.config, 2, 24, ours.device, ours.dtype)
    assert ours(token_ids(2, 9), past_key_values=cache).logits.dtype == torch.bfloat16


@torch.no_grad()
def test_a_cache_that_lost_nothing_yet_may_have_another_window(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, 12)
    short, long = used(config_like(ours.config, sliding_window=4), tokens=0), DynamicCache()
    for cache in (short, long):
        assert torch.equal(ours(ids, past_key_values=cache).logits, ours(ids).logits)
    with pytest.raises(ValueError, match="keeps the last 4 keys in layer 0, which sees 5"):
        ours(ids[:, :1], past_key_values=short)
    assert ours(ids[:, :1], past_key_values=long).logits.isfinite().all()


@torch.no_grad()
def test_autocast_decides_the_dtype_itself(twins, token_ids):
    ours, _ = twins()
    with torch.autocast("cpu", torch.bfloat16):
        first = ours(token_ids(2, 9))
        assert ours(token_ids(2, 1), past_key_values=first.past_key_values).logits.isfinite().all()
