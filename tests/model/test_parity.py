"""The forward pass equals transformers' eager Gemma 2: logits, every attention map, every hidden state."""

import math
from functools import partial

import pytest
import torch
from torch.testing import assert_close

from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM, attached

close = partial(assert_close, atol=1e-4, rtol=1e-4)


EVERYTHING = {"output_attentions": True, "output_hidden_states": True}


VARIANTS = {
    "grouped heads": {},
    "one key/value head": {"num_key_value_heads": 1},
    "a key/value head per head": {"num_key_value_heads": 4},
    "no caps": {"attn_logit_softcapping": None, "final_logit_softcapping": None},
    "attention cap only": {"final_logit_softcapping": None},
    "final cap only": {"attn_logit_softcapping": None},
    "published caps": {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0},
    "biases": {"attention_bias": True},
    "untied head": {"tie_word_embeddings": False},
    "window 1": {"sliding_window": 1},
    "window 2": {"sliding_window": 2},
    "window beyond the prompt": {"sliding_window": 60},
    "no local layer": {"layer_types": ["full_attention"] * 4},
    "no global layer": {"layer_types": ["sliding_attention"] * 4},
    "global first": {"layer_types": ["full_attention", "sliding_attention"] * 2},
    "wide heads": {"head_dim": 20},
    "narrow heads": {"head_dim": 2},
    "exact gelu": {"hidden_activation": "gelu"},
    "silu": {"hidden_activation": "silu"},
    "relu": {"hidden_activation": "relu"},
    "small rotary base": {"rope_theta": 50.0},
    "large epsilon": {"rms_norm_eps": 0.5},
    "other scale": {"query_pre_attn_scalar": 144},
    "one layer": {"num_hidden_layers": 1},
    "five layers": {"num_hidden_layers": 5},
    "no pad token": {"pad_token_id": None},
}


@pytest.mark.parametrize("variant", VARIANTS)
@torch.no_grad()
def test_equal_to_the_reference(twins, assert_same_outputs, token_ids, variant):
    ours, stock = twins(**VARIANTS[variant])
    ids = token_ids(2, 14)
    assert_same_outputs(ours(ids, **EVERYTHING), stock(ids, **EVERYTHING))


@torch.no_grad()
def test_both_caps_bite_and_window_and_groups_matter_in_the_twin(twins, token_ids):
    ours, stock = twins()
    raw = {}
    hooks = {
        "layers.*.self_attn.attn_logits": lambda module, args, out: raw.setdefault("attn", []).append(out),
        "final_logits": lambda module, args, out: raw.update(final=out),
    }
    with attached(ours, hooks):
        reference = ours(token_ids(1, 14)).logits
    assert max(block.abs().max() for block in raw["attn"]) > 2 * ours.config.attn_logit_softcapping
    assert raw["final"].abs().max() > 2 * ours.config.final_logit_softcapping
    for change in (
        {"attn_logit_softcapping": None},
        {"final_logit_softcapping": None},
        {"sliding_window": 6},
        {"sliding_window": 4},
        {"query_pre_attn_scalar": 8},
        {"layer_types": ["full_attention", "sliding_attention"] * 2},
    ):
        _, other = twins(**change)
        assert (other(token_ids(1, 14)).logits - reference).abs().max() > 0.1, change


@torch.no_grad()
def test_no_key_value_heads_equals_all_heads(twins, tiny, token_ids):
    _, stock = twins(num_key_value_heads=4)
    ours = Gemma2ForCausalLM(Gemma2Config(**tiny | {"num_key_value_heads": None})).eval()
    ours.load_state_dict(stock.state_dict())
    close(ours(token_ids(2, 9)).logits, stock(token_ids(2, 9)).logits)


@torch.no_grad()
def test_no_window_is_needed_without_local_layers(twins, assert_same_outputs, tiny, token_ids):
    no_local = tiny | {"layer_types": ["full_attention"] * 4}
    _, stock = twins(**no_local)  # the reference wants a window even here
    ours = Gemma2ForCausalLM(Gemma2Config(**no_local | {"sliding_window": None})).eval()
    ours.load_state_dict(stock.state_dict())
    ids = token_ids(2, 9)
    assert_same_outputs(ours(ids, **EVERYTHING), stock(ids, **EVERYTHING))
    first = ours(ids[:, :4])
    rest = ours(ids[:, 4:], past_key_values=first.past_key_values)
    close(torch.cat((first.logits, rest.logits), 1), stock(ids).logits)


@torch.no_grad()
def test_float_scalar_scales_the_raw_logits(twins, tiny, token_ids):
    _, stock = twins()
    found = []
    for scalar in (12.0, 12.25):
        ours = Gemma2ForCausalLM(Gemma2Config(**tiny | {"query_pre_attn_scalar": scalar})).eval()
        ours.load_state_dict(stock.state_dict())
        keep = {"layers.0.self_attn.attn_logits": lambda module, args, out: found.append(out)}
        with attached(ours, keep):
            ours(token_ids(1, 9))
    assert_close(found[1], found[0] * math.sqrt(12 / 12.25))


@torch.no_grad()
def test_int32_ids(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, 9)
    close(ours(ids.int()).logits, stock(ids).logits)


@torch.no_grad()
def test_cache_position_is_accepted(twins, token_ids):
    ours, _ = twins()
    ids = token_ids(2, 9)
    assert_close(ours(ids, cache_position=torch.arange(9)).logits, ours(ids).logits, atol=0, rtol=0)


@torch.no_grad()
def test_trunk_equals_the_reference(twins, token_ids):
    ours, stock = twins("Model")
    ids = token_ids(2, 9)
    close(ours(ids).last_hidden_state, stock(ids).last_hidden_state)
