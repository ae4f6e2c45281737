"""`config.is_causal = False` (no part of Gemma 2, used to label tokens) equals the reference with the same setting."""

import pytest
import torch
from torch.testing import assert_close

from gemma2_workbench.model import Mask, Reason, set_block_rows

KEEPS = {"no padding": None, "left": [0] * 6 + [1] * 8, "right": [1] * 8 + [0] * 6, "holes": [1, 0] * 7}


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize("window", [1, 2, 5, 13, 40])
@pytest.mark.parametrize("rows", [3, 128])
@torch.no_grad()
def test_equal_to_the_reference(twins, assert_same_outputs, token_ids, keep, window, rows):
    ours, stock = twins(is_causal=False, sliding_window=window)
    set_block_rows(ours, rows)
    ids = token_ids(2, 14)
    arguments = {
        "attention_mask": None if KEEPS[keep] is None else torch.tensor([KEEPS[keep], [1] * 14]),
        "use_cache": False,
        "output_attentions": True,
        "output_hidden_states": True,
    }
    assert_same_outputs(ours(ids, **arguments), stock(ids, **arguments))


@pytest.mark.parametrize("head", ["ForTokenClassification", "ForSequenceClassification"])
@torch.no_grad()
def test_classifiers_equal_the_reference(twins, token_ids, head):
    ours, stock = twins(head, is_causal=False, num_labels=3)
    ids = token_ids(2, 14)
    assert_close(ours(ids).logits, stock(ids, use_cache=False).logits, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_the_last_token_changes_the_first(twins, token_ids):
    ours, _ = twins("Model", is_causal=False)
    ids = token_ids(1, 14)
    other = ids.clone()
    other[0, -1] = 3 if ids[0, -1] != 3 else 4
    difference = ours(ids).last_hidden_state - ours(other).last_hidden_state
    assert difference[0, 0].abs().max() > 1e-3


@torch.no_grad()
def test_the_setting_survives_a_file(twins, token_ids, tmp_path):
    ours, _ = twins("ForTokenClassification", is_causal=False, num_labels=3)
    ours.save_pretrained(tmp_path)
    again = type(ours).from_pretrained(tmp_path).eval()
    assert torch.equal(again(token_ids(1, 9)).logits, ours(token_ids(1, 9)).logits)


@torch.no_grad()
def test_a_cache_is_refused(twins, token_ids):
    causal, _ = twins()
    ours, _ = twins(is_causal=False)
    cache = causal(token_ids(1, 4)).past_key_values
    with pytest.raises(ValueError, match="is_causal"):
        ours(token_ids(1, 4), past_key_values=cache)
    assert ours(token_ids(1, 4)).past_key_values is None


def test_the_window_reaches_both_ways():
    reasons = Mask(window=1, causal=False).reasons(range(4), range(4))[0]
    assert (reasons == Reason.VISIBLE).int().tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]]
    assert not (reasons == Reason.FUTURE).any()
