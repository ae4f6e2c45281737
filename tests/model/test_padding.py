"""Padding, position ids and packed sequences give the numbers of the reference, garbage rows included."""

from functools import partial

import pytest
import torch
from torch.testing import assert_close

close = partial(assert_close, atol=1e-4, rtol=1e-4)


EVERYTHING = {"output_attentions": True, "output_hidden_states": True}


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
def test_padding_equals_the_reference_row_by_row_garbage_included(
    twins, assert_same_outputs, token_ids, padding, dtype
):
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
def test_position_ids_equal_the_reference(twins, assert_same_outputs, token_ids, positions, use_cache, left):
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
