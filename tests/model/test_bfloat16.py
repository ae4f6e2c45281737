"""bfloat16: the rounded embedding factor, float32 rotary angles, and a stated tolerance against the reference."""

import math

import pytest
import torch
import transformers
from torch.testing import assert_close

from gemma2_workbench.model import Gemma2ForCausalLM, attached, equation

# bfloat16 keeps 8 bits: one rounding is 2^-9 relative. Over 4 layers (about 12 roundings on the way to a logit of
# size 10) a wrong order of operations shows beyond this, a different order of summation does not.
LOGITS_ATOL, PROBS_ATOL = 0.15, 0.02
MILD = {"initializer_range": 0.3}


@pytest.fixture
def bf16_twins(twins, tmp_path):
    """Twins in bfloat16; the reference is loaded from a file, which keeps its rotary frequencies exact."""

    def make(**config):
        ours, stock = twins(**config)
        stock.save_pretrained(tmp_path)
        return ours.to(torch.bfloat16), transformers.Gemma2ForCausalLM.from_pretrained(
            tmp_path, dtype=torch.bfloat16, attn_implementation="eager"
        ).eval()

    return make


@pytest.mark.parametrize("variant", [{}, {"hidden_size": 48}, {"num_key_value_heads": 1}])
@torch.no_grad()
def test_bfloat16_equals_the_reference_within_the_stated_tolerance(bf16_twins, token_ids, variant):
    ours, stock = bf16_twins(**MILD, **variant)
    ids = token_ids(2, 14)
    mask = torch.tensor([[0] * 4 + [1] * 10, [1] * 14])
    mine = ours(ids, attention_mask=mask, output_attentions=True)
    theirs = stock(ids, attention_mask=mask, output_attentions=True)
    assert mine.logits.dtype == torch.bfloat16
    assert_close(mine.logits, theirs.logits, atol=LOGITS_ATOL, rtol=0)
    for own, reference in zip(mine.attentions, theirs.attentions, strict=True):
        assert own.dtype == torch.bfloat16
        assert_close(own, reference, atol=PROBS_ATOL, rtol=0)


@torch.no_grad()
def test_embedding_factor_is_rounded_before_the_product(twins, token_ids):
    ours, _ = twins(hidden_size=48)  # sqrt(48) = 6.9282 becomes 6.9375, like 59.866 -> 59.75 for 9B
    ours = ours.to(torch.bfloat16)
    ids = token_ids(1, 20)
    rounded = torch.tensor(math.sqrt(48)).to(torch.bfloat16)
    assert rounded.item() == 6.9375
    weight = ours.model.embed_tokens.weight
    assert torch.equal(ours.model.embed_tokens(ids), weight[ids] * rounded)
    assert not torch.equal(weight[ids] * rounded, (weight[ids].float() * math.sqrt(48)).to(torch.bfloat16))


@torch.no_grad()
def test_embedding_factor_is_exact_again_in_float32(twins, token_ids):
    ours, _ = twins(hidden_size=48)
    ids = token_ids(1, 5)
    weight = ours.model.embed_tokens.weight
    assert_close(ours.model.embed_tokens(ids), weight[ids] * math.sqrt(48))
    there_and_back = ours.to(torch.bfloat16).to(torch.float32)
    weight = there_and_back.model.embed_tokens.weight
    assert_close(there_and_back.model.embed_tokens(ids), weight[ids] * math.sqrt(48))


@pytest.mark.parametrize(
    "cast", [lambda m: m.to(torch.bfloat16), lambda m: m.bfloat16(), lambda m: m.half().bfloat16()]
)
@torch.no_grad()
def test_rotary_angles_stay_float32_at_large_positions(twins, token_ids, cast):
    ours, _ = twins(max_position_embeddings=8192, head_dim=16, **MILD)
    ids, positions = token_ids(1, 6), torch.arange(8000, 8006)[None]
    found = {}

    def keep(module, args, out):
        found["q"] = out.float()

    ours = cast(ours)
    with attached(ours, {"layers.0.self_attn.q_rot": keep}):
        ours(ids, position_ids=positions)
        rotated = found["q"]
        ours(ids, position_ids=torch.zeros(1, 6, dtype=torch.long), use_cache=True)
        still = found["q"].double()
    frequency = 10000.0 ** (-torch.arange(0, 16, 2, dtype=torch.float64) / 16)
    angle = (positions[0][:, None].double() * frequency).repeat(1, 2)
    low, high = still.chunk(2, dim=-1)
    exact = still * angle.cos() + torch.cat((-high, low), -1) * angle.sin()
    assert_close(rotated.double(), exact, atol=0.02 * float(exact.abs().max()), rtol=0)


@torch.no_grad()
def test_bfloat16_equals_the_reference_at_large_positions(bf16_twins, token_ids):
    ours, stock = bf16_twins(max_position_embeddings=8192, **MILD)
    ids, positions = token_ids(1, 12), torch.arange(7000, 7012)[None]
    mine, theirs = ours(ids, position_ids=positions), stock(ids, position_ids=positions)
    assert_close(mine.logits, theirs.logits, atol=LOGITS_ATOL, rtol=0)


@torch.no_grad()
def test_rows_of_bfloat16_maps_sum_to_one(twins, token_ids):
    ours, _ = twins(max_position_embeddings=600)
    for map_BNTS in ours.to(torch.bfloat16)(token_ids(1, 500), output_attentions=True).attentions:
        assert_close(map_BNTS.float().sum(-1), torch.ones(1, 4, 500), atol=0.02, rtol=0)


@pytest.mark.parametrize("spelling", ["dtype", "torch_dtype"])
@torch.no_grad()
def test_loading_in_bfloat16_by_either_spelling(twins, token_ids, tmp_path, spelling):
    ours, _ = twins(**MILD)
    ours.save_pretrained(tmp_path)
    loaded = Gemma2ForCausalLM.from_pretrained(tmp_path, **{spelling: torch.bfloat16}).eval()
    assert loaded.dtype == torch.bfloat16
    ids = token_ids(1, 9)
    assert torch.equal(loaded(ids).logits, ours.to(torch.bfloat16)(ids).logits)


@torch.no_grad()
def test_dtype_auto_follows_the_file(twins, tmp_path):
    ours, _ = twins()
    ours.to(torch.bfloat16).save_pretrained(tmp_path)
    assert Gemma2ForCausalLM.from_pretrained(tmp_path).dtype == torch.bfloat16
    assert Gemma2ForCausalLM.from_pretrained(tmp_path, dtype="auto").dtype == torch.bfloat16
    assert Gemma2ForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).dtype == torch.float32


def test_pieces_of_keys_are_the_whole(monkeypatch):
    q_BNQH, k_BGSH, v_BGSH = (torch.randn(1, *shape, 16).bfloat16() for shape in ((4, 5), (2, 21), (2, 21)))

    def attended():
        logits_BNQS = equation.attention_logits(q_BNQH, k_BGSH, 0.25)
        return logits_BNQS, equation.mix_values(torch.softmax(logits_BNQS.float(), -1).bfloat16(), v_BGSH)

    whole = attended()
    monkeypatch.setattr(equation, "_KEYS_OF_HALVES", 8)
    for pieces, expected in zip(attended(), whole, strict=True):
        assert_close(pieces, expected, rtol=2**-7, atol=2**-7)
