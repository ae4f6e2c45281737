"""What each class takes and returns, by name, as both documentation pages list it."""

import inspect

import pytest
import torch
from transformers import modeling_outputs

import gemma2_workbench.model as ours_package

TRUNK = (
    "input_ids",
    "attention_mask",
    "position_ids",
    "past_key_values",
    "inputs_embeds",
    "use_cache",
    "output_attentions",
    "output_hidden_states",
    "return_dict",
    "cache_position",
)
ARGUMENTS = {
    "Model": TRUNK,
    "ForCausalLM": (*TRUNK, "labels", "logits_to_keep"),
    "ForSequenceClassification": (*TRUNK, "labels"),
    "ForTokenClassification": (*TRUNK, "labels"),
}
RETURNED = {
    "Model": (modeling_outputs.BaseModelOutputWithPast, ["last_hidden_state"], ["past_key_values"]),
    "ForCausalLM": (modeling_outputs.CausalLMOutputWithPast, ["loss", "logits"], ["past_key_values"]),
    "ForSequenceClassification": (
        modeling_outputs.SequenceClassifierOutputWithPast,
        ["loss", "logits"],
        ["past_key_values"],
    ),
    "ForTokenClassification": (modeling_outputs.TokenClassifierOutput, ["loss", "logits"], []),
}


@pytest.mark.parametrize("head", ARGUMENTS)
def test_arguments_of_forward(head):
    forward = inspect.signature(getattr(ours_package, f"Gemma2{head}").forward).parameters
    assert set(ARGUMENTS[head]) <= set(forward)
    kept = forward.get("logits_to_keep")
    assert kept is None or kept.default == 0
    assert all(forward[name].default is None for name in ARGUMENTS[head] if name != "logits_to_keep")


@pytest.mark.parametrize("head", RETURNED)
def test_returned_fields_in_their_order(twins, token_ids, head):
    ours, _ = twins(head, num_labels=3)
    ids = token_ids(2, 7)
    labels = {"ForCausalLM": ids, "ForSequenceClassification": torch.tensor([0, 2]), "ForTokenClassification": ids % 3}
    given = {"labels": labels[head]} if head in labels else {}
    named = ours(ids, output_hidden_states=True, output_attentions=True, **given)
    kind, scores, cache = RETURNED[head]
    assert type(named) is kind
    assert list(named) == [*scores, *cache, "hidden_states", "attentions"]
    plain = ours(ids, output_hidden_states=True, output_attentions=True, return_dict=False, **given)
    for one, other in zip(named.to_tuple()[: len(scores)], plain[: len(scores)], strict=True):
        assert torch.equal(one, other)
    assert len(plain) == len(named)


@torch.no_grad()
def test_without_a_pad_token_the_last_value_of_each_row_is_taken(twins, token_ids):
    # As both pages say; transformers refuses more than one row.
    ours, _ = twins("ForSequenceClassification", num_labels=3, pad_token_id=None)
    ids = token_ids(3, 6)
    ids[1, 3:] = 0
    expected = ours.score(ours.model(ids).last_hidden_state)[:, -1]
    torch.testing.assert_close(ours(ids).logits, expected)


@torch.no_grad()
def test_after_a_cache_all_new_tokens_are_returned(twins, token_ids):
    ours, _ = twins("Model")
    ids = token_ids(2, 9)
    cache = ours(ids[:, :5]).past_key_values
    later = ours(ids[:, 5:], past_key_values=cache).last_hidden_state
    assert later.shape == (2, 4, 32)
    torch.testing.assert_close(later, ours(ids).last_hidden_state[:, 5:], atol=1e-4, rtol=1e-4)
