"""Every type of rotary embedding that transformers knows equals transformers': any length, cached, in bfloat16."""

import pytest
import torch
from torch.testing import assert_close
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from gemma2_workbench.model import Gemma2Config
from gemma2_workbench.model.rotary import ROPE_TYPES

TRAINED = 64
TYPES = {
    "default": {},
    "linear": {"factor": 2.5},
    "dynamic": {"factor": 2.5},
    "yarn": {"factor": 4.0, "original_max_position_embeddings": 32, "beta_fast": 16.0},
    "longrope": {
        "factor": 4.0,
        "short_factor": [1.0, 1.1, 1.2, 1.3],
        "long_factor": [1.0, 2.0, 3.0, 4.0],
        "original_max_position_embeddings": 32,
    },
    "llama3": {
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32,
    },
    "proportional": {"factor": 2.0, "partial_rotary_factor": 0.5},
}


@pytest.fixture(params=TYPES)
def scaled(request, twins):
    """Our model and transformers', with one type of rotary embedding."""
    return twins(rope_parameters={"rope_type": request.param, "rope_theta": 10_000.0, **TYPES[request.param]})


def test_all_types_of_transformers_are_known():
    assert set(TYPES) == set(ROPE_TYPES) == {"default", *ROPE_INIT_FUNCTIONS}


@pytest.mark.parametrize("length", [9, 40, TRAINED])
@torch.no_grad()
def test_angles_are_those_of_transformers_bit_for_bit(scaled, length):
    ours, stock = scaled
    positions = torch.arange(length)[None]
    x = torch.zeros(1, dtype=torch.float32)
    for mine, theirs in zip(ours.model.rotary_emb(x, positions), stock.model.rotary_emb(x, positions), strict=True):
        assert torch.equal(mine, theirs)


@torch.no_grad()
def test_a_config_that_scales_allows_longer_sequences(scaled, token_ids, assert_same_outputs):
    ours, stock = scaled
    longest = ours.config.longest
    everything = {"output_attentions": True, "output_hidden_states": True}
    ids = token_ids(2, longest)
    assert_same_outputs(ours(ids, **everything), stock(ids, **everything))
    with pytest.raises(ValueError, match=f"{longest + 1} tokens.*max_position_embeddings={TRAINED}"):
        ours(token_ids(1, longest + 1))


@torch.no_grad()
def test_a_cache_that_grows_beyond_the_trained_length(scaled, token_ids):
    ours, stock = scaled
    longest = ours.config.longest
    ids = token_ids(1, longest)
    start = min(30, longest - 10)
    caches = {"mine": None, "theirs": None}
    for first, last in ((0, start), *((at, at + 1) for at in range(start, start + 5)), (start + 5, longest)):
        piece = ids[:, first:last]
        mine, theirs = ours(piece, past_key_values=caches["mine"]), stock(piece, past_key_values=caches["theirs"])
        caches = {"mine": mine.past_key_values, "theirs": theirs.past_key_values}
        assert_close(mine.logits, theirs.logits, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_dynamic_answers_do_not_depend_on_earlier_texts(twins, token_ids):
    ours, stock = twins(rope_parameters={"rope_type": "dynamic", "rope_theta": 10_000.0, "factor": 4.0})
    longer, ids = token_ids(1, 200), token_ids(1, 100, seed=1)
    expected = stock(ids).logits
    ours(longer)
    assert_close(ours(ids).logits, expected, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_model_turned_to_bfloat16_keeps_its_angles(scaled):
    ours, _ = scaled
    positions = torch.arange(TRAINED)[None]
    before = ours.model.rotary_emb(torch.zeros(1), positions)
    after = ours.to(torch.bfloat16).model.rotary_emb(torch.zeros(1), positions)
    assert all(map(torch.equal, before, after))


def test_the_settings_are_written_and_read(scaled, tmp_path):
    ours, _ = scaled
    ours.config.save_pretrained(tmp_path)
    read = Gemma2Config.from_pretrained(tmp_path)
    assert read.rope_parameters == ours.config.rope_parameters
    assert read.longest == ours.config.longest
