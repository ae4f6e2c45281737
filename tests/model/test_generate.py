"""`generate` gives the reference's tokens, one for one, with every cache implementation."""

import pytest
import torch

IMPLEMENTATIONS = [None, "static", "hybrid"]


def generate(model, ids, **arguments):
    """Tokens [B, T] from a fixed seed; greedy unless told otherwise."""
    torch.manual_seed(7)
    arguments = {"max_new_tokens": 14, "do_sample": False, "eos_token_id": None} | arguments
    return model.generate(ids, **arguments)


@pytest.fixture
def padded(token_ids):
    """Ids and mask [3, 9], left-padded by 5, 0 and 2."""
    ids = token_ids(3, 9)
    mask = torch.ones(3, 9, dtype=torch.long)
    for row, pads in enumerate((5, 0, 2)):
        ids[row, :pads] = 0
        mask[row, :pads] = 0
    return {"input_ids": ids, "attention_mask": mask}


@pytest.mark.parametrize(
    ("length", "implementation"), [(2, None), (5, None), *((11, each) for each in IMPLEMENTATIONS)]
)
def test_greedy(twins, token_ids, implementation, length):
    ours, stock = twins()
    ids = token_ids(2, length)
    expected = generate(stock, ids)
    assert expected.shape == (2, length + 14)
    assert torch.equal(generate(ours, ids, cache_implementation=implementation), expected)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_greedy_with_left_padding(twins, padded, implementation):
    ours, stock = twins()
    expected = generate(stock, padded["input_ids"], attention_mask=padded["attention_mask"])
    mine = generate(
        ours,
        padded["input_ids"],
        attention_mask=padded["attention_mask"],
        cache_implementation=implementation,
    )
    assert torch.equal(mine, expected)


def test_a_left_padded_row_continues_like_the_row_alone(twins, padded):
    ours, _ = twins()
    together = generate(ours, padded["input_ids"], attention_mask=padded["attention_mask"])
    alone = generate(ours, padded["input_ids"][:1, 5:])
    assert torch.equal(together[0, 9:], alone[0, 4:])


@pytest.mark.parametrize(
    ("sampling", "implementation"),
    [({"temperature": 3.0, "top_k": 20}, None), ({"top_p": 0.9}, None), *(({}, each) for each in IMPLEMENTATIONS)],
)
def test_sampling_with_a_seed(twins, padded, implementation, sampling):
    ours, stock = twins(final_logit_softcapping=3.0)
    arguments = {"attention_mask": padded["attention_mask"], "do_sample": True, **sampling}
    expected = generate(stock, padded["input_ids"], **arguments)
    mine = generate(ours, padded["input_ids"], cache_implementation=implementation, **arguments)
    assert torch.equal(mine, expected)
    greedy = generate(stock, padded["input_ids"], attention_mask=padded["attention_mask"])
    assert not torch.equal(expected, greedy), "the twin must leave sampling a choice"


@pytest.mark.parametrize("many", [False, True])
def test_stops_at_the_end_token_and_pads_after_it(twins, padded, many):
    ours, stock = twins()
    masked = {"attention_mask": padded["attention_mask"]}
    free = generate(stock, padded["input_ids"], **masked)
    stop = int(free[0, 12])
    arguments = masked | {"eos_token_id": [stop, 96] if many else stop, "pad_token_id": 0}
    mine = generate(ours, padded["input_ids"], **arguments)
    assert torch.equal(mine, generate(stock, padded["input_ids"], **arguments))
    at = (mine[0, 9:] == stop).nonzero()[0, 0] + 9
    assert not mine[0, at + 1 :].any()


def test_end_tokens_from_the_config(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(1, 6)
    third = int(generate(stock, ids)[0, 8])
    ours, stock = twins(eos_token_id=[third, 96])
    mine = ours.generate(ids, max_new_tokens=14, do_sample=False)
    assert torch.equal(mine, stock.generate(ids, max_new_tokens=14, do_sample=False))
    assert int(mine[0, -1]) == third


@pytest.mark.parametrize("window", [1, 2, 40])
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_any_window(twins, token_ids, window, implementation):
    ours, stock = twins(sliding_window=window)
    ids = token_ids(2, 8)
    # Without a cache the reference is right for a window of 1, too.
    expected = generate(stock, ids, use_cache=False)
    assert torch.equal(generate(ours, ids, cache_implementation=implementation), expected)


def test_without_a_cache(twins, padded):
    ours, stock = twins()
    masked = {"attention_mask": padded["attention_mask"]}
    expected = generate(stock, padded["input_ids"], **masked)
    assert torch.equal(generate(ours, padded["input_ids"], use_cache=False, **masked), expected)


def test_beams(twins, padded):
    ours, stock = twins()
    arguments = {"attention_mask": padded["attention_mask"], "num_beams": 3}
    expected = generate(stock, padded["input_ids"], **arguments)
    assert torch.equal(generate(ours, padded["input_ids"], **arguments), expected)


def test_max_length_and_start_from_embeddings(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, 6)
    mine = ours.generate(ids, max_length=13, do_sample=False, eos_token_id=None)
    assert mine.shape == (2, 13)
    embeds = stock.get_input_embeddings()(ids)
    arguments = {"inputs_embeds": embeds, "max_new_tokens": 7, "do_sample": False, "eos_token_id": None}
    assert torch.equal(ours.generate(**arguments), stock.generate(**arguments))
    assert torch.equal(ours.generate(**arguments), mine[:, 6:])


def test_generation_can_return_scores_and_maps(twins, token_ids):
    ours, stock = twins()
    arguments = {
        "max_new_tokens": 8,
        "output_attentions": True,
        "output_logits": True,
        "return_dict_in_generate": True,
    }
    mine = generate(ours, token_ids(1, 7), **arguments)
    theirs = generate(stock, token_ids(1, 7), **arguments)
    for own, reference in zip(mine.logits, theirs.logits, strict=True):
        torch.testing.assert_close(own, reference, atol=1e-4, rtol=1e-4)
    for step, reference_step in zip(mine.attentions, theirs.attentions, strict=True):
        for own, reference in zip(step, reference_step, strict=True):
            torch.testing.assert_close(own, reference, atol=1e-4, rtol=0)


def test_a_cache_from_before_can_be_continued(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(1, 12)
    expected = generate(stock, ids)
    cache = ours(ids[:, :7]).past_key_values
    assert torch.equal(generate(ours, ids, past_key_values=cache), expected)


def test_old_hub_setting_hybrid_in_the_config_does_no_harm(twins, token_ids):
    ours, stock = twins(cache_implementation="hybrid")
    expected = generate(stock, token_ids(2, 9))
    assert torch.equal(generate(ours, token_ids(2, 9)), expected)


def test_more_tokens_than_positions_end_in_a_sentence(twins, token_ids):
    ours, _ = twins()
    with pytest.raises(ValueError, match="max_position_embeddings"):
        generate(ours, token_ids(1, 60), max_new_tokens=10)
