"""The forward pass equals transformers' eager Gemma 2: logits, every attention map, every hidden state."""

import math
import weakref
from functools import partial

import pytest
import torch
from torch.testing import assert_close

from model import Gemma2Config, Gemma2ForCausalLM, attached

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


def assert_same_outputs(mine, theirs):
    """Logits, attentions and hidden states of two outputs agree."""
    close(mine.logits, theirs.logits)
    assert len(mine.attentions) == len(theirs.attentions)
    for own, reference in zip(mine.attentions, theirs.attentions, strict=True):
        assert_close(own, reference, atol=1e-4, rtol=0)
    for own, reference in zip(mine.hidden_states, theirs.hidden_states, strict=True):
        close(own, reference)


@pytest.mark.parametrize("variant", VARIANTS)
@torch.no_grad()
def test_equal_to_the_reference(twins, token_ids, variant):
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
def test_no_window_is_needed_without_local_layers(twins, tiny, token_ids):
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


PADDINGS = {
    "left": [[0] * 7 + [1] * 7, [1] * 14, [0] * 1 + [1] * 13],
    "right": [[1] * 7 + [0] * 7, [1] * 14, [1] * 13 + [0]],
    "holes": [[1, 0] * 7, [0, 0, 1] * 4 + [0, 1], [1] * 5 + [0] * 6 + [1] * 3],
    "a row of nothing but padding": [[0] * 14, [1] * 14, [0] * 13 + [1]],
    "everything kept": [[1] * 14] * 3,
}


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", [torch.long, torch.bool, torch.float32, torch.int32])
@torch.no_grad()
def test_padding_equals_the_reference_row_by_row_garbage_included(twins, token_ids, padding, dtype):
    ours, stock = twins()
    ids = token_ids(3, 14)
    mask = torch.tensor(PADDINGS[padding]).to(dtype)
    mine = ours(ids, attention_mask=mask, **EVERYTHING)
    assert_same_outputs(mine, stock(ids, attention_mask=mask, **EVERYTHING))
    assert all(torch.isfinite(level).all() for level in mine.hidden_states)


@torch.no_grad()
def test_rows_without_a_visible_key_are_uniform_over_all_keys(twins, token_ids):
    ours, _ = twins()
    mask = torch.tensor([[0] * 6 + [1] * 6])
    for map_BNTS in ours(token_ids(1, 12), attention_mask=mask, output_attentions=True).attentions:
        assert_close(map_BNTS[:, :, :6], torch.full((1, 4, 6, 12), 1 / 12))


@torch.no_grad()
def test_pad_ids_without_a_mask_are_ordinary_tokens(twins):
    ours, stock = twins()
    ids = torch.tensor([[0, 0, 5, 6, 7, 0]])
    close(ours(ids).logits, stock(ids).logits)
    masked = ours(ids, attention_mask=torch.tensor([[0, 0, 1, 1, 1, 0]])).logits
    assert (masked[:, 2:5] - ours(ids).logits[:, 2:5]).abs().max() > 0.1


POSITIONS = {
    "shifted": [[7 + t for t in range(12)]],
    "one row for the whole batch": [list(range(12))],
    "per row": [list(range(12)), list(range(20, 32))],
    "two packed sequences": [[*range(5), *range(7)]] * 2,
    "packed differently per row": [[*range(5), *range(7)], [*range(9), *range(3)]],
    "packed in one row only": [[*range(5), *range(7)], [*range(12)]],
    "packed with a gap": [[0, 1, 2, 10, 11, 12, 13, 30, 31, 5, 6, 7]],
    "stretched": [[2 * t for t in range(12)]],
    "reversed": [list(range(11, -1, -1))],
}


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("use_cache", [False, True])
@pytest.mark.parametrize("left", [None, 0, 2])
@torch.no_grad()
def test_position_ids_equal_the_reference(twins, token_ids, positions, use_cache, left):
    ours, stock = twins()
    arguments = {
        "input_ids": token_ids(2, 12),
        "position_ids": torch.tensor(POSITIONS[positions]),
        "use_cache": use_cache,
        "attention_mask": None if left is None else torch.tensor([[0] * left + [1] * (12 - left), [1] * 12]),
        **EVERYTHING,
    }
    assert_same_outputs(ours(**arguments), stock(**arguments))


@torch.no_grad()
def test_packed_sequences_do_not_see_each_other(twins, token_ids):
    ours, _ = twins()
    ids = token_ids(1, 12)
    positions = torch.tensor([[*range(5), *range(7)]])
    packed = ours(ids, position_ids=positions, use_cache=False).logits
    alone = torch.cat([ours(ids[:, :5]).logits, ours(ids[:, 5:]).logits], dim=1)
    close(packed, alone)


@torch.no_grad()
def test_hidden_states_are_embeddings_then_residuals_then_the_final_norm(twins, token_ids):
    ours, _ = twins()
    ids = token_ids(2, 8)
    trunk = ours.model(ids, output_hidden_states=True)
    levels = trunk.hidden_states
    assert len(levels) == 5
    assert_close(levels[0], ours.model.embed_tokens(ids), atol=0, rtol=0)
    weight = ours.model.embed_tokens.weight
    assert_close(levels[0], weight[ids] * math.sqrt(32))
    assert_close(levels[-1], trunk.last_hidden_state, atol=0, rtol=0)
    residuals = []
    with attached(ours, {"layers.*.resid_pre": lambda module, args, out: residuals.append(out)}):
        ours(ids)
    for level, residual in zip(levels, residuals, strict=False):
        assert_close(level, residual, atol=0, rtol=0)


@torch.no_grad()
def test_residuals_are_let_go_unless_asked_for(twins, token_ids):
    ours, _ = twins()
    seen, alive = [], []

    def look(module, args, out):
        alive.append(sum(residual() is not None for residual in seen))
        seen.append(weakref.ref(out))

    with attached(ours, {"layers.*.resid_pre": look}):
        ours(token_ids(1, 9), use_cache=False)
        assert max(alive) <= 1, "only the layer before may still be held"


@torch.no_grad()
def test_outputs_absent_unless_asked_for_by_argument_or_config(twins, token_ids):
    ours, _ = twins()
    plain = ours(token_ids(1, 4))
    assert plain.attentions is None
    assert plain.hidden_states is None
    ours.config.output_attentions = True
    ours.config.output_hidden_states = True
    asked = ours(token_ids(1, 4))
    assert len(asked.attentions) == 4
    assert len(asked.hidden_states) == 5
    refused = ours(token_ids(1, 4), output_attentions=False, output_hidden_states=False)
    assert refused.attentions is None
    assert refused.hidden_states is None


@torch.no_grad()
def test_maps_are_probabilities(twins, token_ids):
    ours, _ = twins()
    for map_BNTS in ours(token_ids(2, 12), output_attentions=True).attentions:
        assert map_BNTS.shape == (2, 4, 12, 12)
        assert_close(map_BNTS.sum(-1), torch.ones(2, 4, 12))
        assert (map_BNTS >= 0).all()


@torch.no_grad()
def test_inputs_embeds_are_taken_as_already_scaled(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, 9)
    embeds = ours.get_input_embeddings()(ids)
    assert_close(ours(inputs_embeds=embeds).logits, ours(ids).logits, atol=0, rtol=0)
    close(ours(inputs_embeds=embeds).logits, stock(inputs_embeds=embeds).logits)


@pytest.mark.parametrize("kept", [0, 1, 3, 9, 30, torch.tensor([0]), torch.tensor([8, 2, 2]), torch.tensor([-1])])
@torch.no_grad()
def test_logits_to_keep(twins, token_ids, kept):
    ours, stock = twins()
    ids = token_ids(2, 9)
    mine = ours(ids, logits_to_keep=kept).logits
    close(mine, stock(ids, logits_to_keep=kept).logits)


@torch.no_grad()
def test_int32_ids(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, 9)
    close(ours(ids.int()).logits, stock(ids).logits)


@torch.no_grad()
def test_tuples_by_argument_and_by_config(twins, token_ids):
    ours, _ = twins()
    arguments = {"input_ids": token_ids(2, 9), "labels": token_ids(2, 9), **EVERYTHING}
    named = ours(**arguments)
    by_argument = ours(**arguments, return_dict=False)
    ours.config.return_dict = False
    by_config = ours(**arguments)
    trunk = ours.model(arguments["input_ids"])
    for plain in (by_argument, by_config):
        assert isinstance(plain, tuple)
        loss, logits, _cache, hidden_states, attentions = plain
        assert_close(loss, named.loss)
        assert_close(logits, named.logits)
        assert len(hidden_states) == 5
        assert len(attentions) == 4
    assert isinstance(trunk, tuple)
    assert trunk[0].shape == (2, 9, 32)
    assert len(ours(arguments["input_ids"], use_cache=False)) == 1
    assert ours(arguments["input_ids"], return_dict=True).logits.shape == (2, 9, 97)


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
