"""Any small configuration, padding and chunking gives the reference's numbers: hypothesis looks for one that fails."""

import pytest
import torch
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM, HybridCache, set_block_rows

KINDS = ["sliding_attention", "full_attention"]


@st.composite
def configs(draw):
    """Keyword arguments of a small Gemma 2."""
    heads = draw(st.sampled_from([1, 2, 4]))
    groups = draw(st.sampled_from([groups for groups in (1, 2, 4) if heads % groups == 0]))
    layers = draw(st.integers(1, 3))
    return {
        "vocab_size": 19,
        "hidden_size": 8,
        "intermediate_size": 12,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": groups,
        "head_dim": draw(st.sampled_from([2, 4, 10])),
        "query_pre_attn_scalar": draw(st.sampled_from([1, 4, 30])),
        "sliding_window": draw(st.integers(1, 9)),
        "layer_types": draw(st.lists(st.sampled_from(KINDS), min_size=layers, max_size=layers)),
        "attn_logit_softcapping": draw(st.sampled_from([None, 2.0, 50.0])),
        "final_logit_softcapping": draw(st.sampled_from([None, 5.0, 30.0])),
        "attention_bias": draw(st.booleans()),
        "tie_word_embeddings": draw(st.booleans()),
        "rope_theta": draw(st.sampled_from([10.0, 10000.0])),
        "max_position_embeddings": 40,
        "initializer_range": 0.7,
        "attn_implementation": "eager",
    }


@st.composite
def inputs(draw):
    """Ids and mask [B, T] with any pattern of padding, and sizes of chunks that add up to T."""
    batch, length = draw(st.integers(1, 3)), draw(st.integers(1, 13))
    row = st.lists(st.booleans(), min_size=length, max_size=length)
    sided = st.tuples(st.integers(0, length), st.booleans()).map(
        lambda choice: ([False] * choice[0] + [True] * (length - choice[0]))[:: 1 if choice[1] else -1]
    )
    mask = draw(st.lists(st.one_of(row, sided), min_size=batch, max_size=batch))
    ids = draw(st.lists(st.lists(st.integers(0, 18), min_size=length, max_size=length), min_size=batch, max_size=batch))
    cuts = sorted(draw(st.sets(st.integers(1, length))) | {0, length})
    chunks = [stop - start for start, stop in zip(cuts, cuts[1:], strict=False)]
    return torch.tensor(ids), torch.tensor(mask), chunks


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs(), batch=inputs(), rows=st.integers(1, 14), seed=st.integers(0, 9), static=st.booleans())
@torch.no_grad()
def test_full_and_chunked_passes_equal_the_reference(config, batch, rows, seed, static):
    ids, mask, chunks = batch
    torch.manual_seed(seed)
    stock = transformers.Gemma2ForCausalLM(transformers.Gemma2Config(**config)).eval()
    ours = Gemma2ForCausalLM(Gemma2Config(**config)).eval()
    ours.load_state_dict(stock.state_dict())
    set_block_rows(ours, rows)

    mine = ours(ids, attention_mask=mask, output_attentions=True)
    theirs = stock(ids, attention_mask=mask, output_attentions=True)
    assert_close(mine.logits, theirs.logits, atol=1e-4, rtol=1e-4)
    for own, reference in zip(mine.attentions, theirs.attentions, strict=True):
        assert_close(own, reference, atol=1e-4, rtol=0)

    cache = HybridCache(ours.config, len(ids), ids.shape[1]) if static else None
    stop, steps = 0, []
    for size in chunks:
        stop += size
        step = ours(ids[:, stop - size : stop], attention_mask=mask[:, :stop], past_key_values=cache)
        cache = step.past_key_values
        steps.append(step.logits)
    # Rows of padding have no visible key; what they get depends on how many keys there are.
    assert_close(torch.cat(steps, 1)[mask], theirs.logits[mask], atol=1e-4, rtol=1e-4)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    config=configs(),
    starts=st.lists(st.booleans(), min_size=11, max_size=11),
    rows=st.integers(1, 14),
)
@torch.no_grad()
def test_packed_sequences_equal_the_reference_and_each_one_alone(config, starts, rows):
    stock = transformers.Gemma2ForCausalLM(transformers.Gemma2Config(**config)).eval()
    ours = Gemma2ForCausalLM(Gemma2Config(**config)).eval()
    ours.load_state_dict(stock.state_dict())
    set_block_rows(ours, rows)
    cuts = [0, *(i + 1 for i, start in enumerate(starts) if start), 12]
    positions = torch.cat([torch.arange(b - a) for a, b in zip(cuts, cuts[1:], strict=False)])[None]
    ids = torch.arange(12)[None] + 3
    mine = ours(ids, position_ids=positions, use_cache=False).logits
    theirs = stock(ids, position_ids=positions, use_cache=False).logits
    assert_close(mine, theirs, atol=1e-4, rtol=1e-4)
    alone = [ours(ids[:, a:b]).logits for a, b in zip(cuts, cuts[1:], strict=False)]
    assert_close(mine, torch.cat(alone, 1), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("block", [1, 128])
@torch.no_grad()
def test_a_prompt_longer_than_several_blocks(block, twins, token_ids):
    ours, stock = twins(max_position_embeddings=400, sliding_window=130)
    set_block_rows(ours, block)
    ids = token_ids(1, 300)
    mine, theirs = ours(ids, output_attentions=True), stock(ids, output_attentions=True)
    assert_close(mine.logits, theirs.logits, atol=1e-4, rtol=1e-4)
    for own, reference in zip(mine.attentions, theirs.attentions, strict=True):
        assert_close(own, reference, atol=1e-4, rtol=0)
