"""Scores on attention maps whose answer is known by construction."""

import pytest
import torch
from torch.testing import assert_close

from training.scores import induction_score, previous_token_score, repeats, sink_score


def looking_back(tokens: int, distance: int) -> torch.Tensor:
    """A map (1, 1, T, T) in which every query pays 0.75 to one key and 0.25 to BOS."""
    probs = torch.zeros(1, 1, tokens, tokens)
    for query in range(tokens):
        probs[0, 0, query, max(query - distance, 0)] += 0.75
        probs[0, 0, query, 0] += 0.25
    return probs


def test_a_previous_token_head_gets_what_it_pays():
    assert_close(previous_token_score(looking_back(9, 1)), torch.tensor([0.75]))
    assert_close(previous_token_score(looking_back(9, 2)), torch.tensor([0.0]))


@pytest.mark.parametrize("period", [4, 7])
def test_an_induction_head_looks_to_the_token_after_the_first_copy(period: int):
    tokens = 1 + 2 * period
    assert_close(induction_score(looking_back(tokens, period - 1), period), torch.tensor([0.75]))
    # a head that looks at the same token, one further back, does no induction
    assert_close(induction_score(looking_back(tokens, period), period), torch.tensor([0.0]))


def test_a_sink_head_looks_at_bos():
    assert_close(sink_score(looking_back(9, 100)), torch.tensor([1.0]))


def test_heads_are_scored_apart_and_rows_averaged():
    one, two = looking_back(9, 1), looking_back(9, 3)
    both = torch.cat([torch.cat([one, two], 1), torch.cat([two, two], 1)], 0)
    assert_close(previous_token_score(both), torch.tensor([0.375, 0.0]))


def test_repeats_are_bos_and_a_segment_twice():
    plain = torch.arange(100, 200)
    ids = repeats(plain, period=6, rows=3, bos=2, seed=1)
    assert ids.shape == (3, 13)
    assert (ids[:, 0] == 2).all()
    assert_close(ids[:, 1:7], ids[:, 7:])
    assert torch.isin(ids[:, 1:], plain).all()
    assert not torch.equal(ids, repeats(plain, period=6, rows=3, bos=2, seed=2))
