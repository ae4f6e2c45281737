"""What transformers' own model tests ask, in small; `make transformers-tests` runs the whole of them."""

import pytest
import torch
from safetensors.torch import save_file
from torch.testing import assert_close

from gemma2_workbench.model import Gemma2ForCausalLM, Gemma2ForSequenceClassification, WeightsError

HEADS = ["Model", "ForCausalLM", "ForSequenceClassification", "ForTokenClassification"]
EVERYTHING = {"output_attentions": True, "output_hidden_states": True}


@pytest.mark.parametrize("head", HEADS)
def test_returned_maps_and_states_have_gradients(twins, token_ids, head):
    ours, stock = twins(head)
    kept = []
    for model in (ours, stock):
        output = model(token_ids(2, 9), **EVERYTHING)
        returned = (*output.attentions, *output.hidden_states[:-1])
        for tensor in returned:
            tensor.retain_grad()
        output[0].flatten()[0].backward(retain_graph=True)
        kept.append([tensor.grad for tensor in returned])
    assert all(grad is not None for grad in kept[0])
    for mine, theirs in zip(*kept, strict=True):
        assert_close(mine, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("arguments", [{}, {"num_items_in_batch": 5}, {"ignore_index": 7}])
def test_labels_that_are_shifted_already_count_alone(twins, token_ids, arguments):
    ours, stock = twins()
    ids, target = token_ids(2, 9), token_ids(2, 9, seed=1)
    target[0, 3] = arguments.get("ignore_index", -100)
    given = {"labels": ids, "shift_labels": target, **arguments}
    loss = ours(ids, **given).loss
    assert_close(loss, stock(ids, **given).loss)
    assert torch.equal(loss, ours(ids, shift_labels=target, **arguments).loss), "labels do not matter beside them"
    assert loss != ours(ids, labels=ids).loss


def test_shifted_labels_go_with_a_part_of_the_logits(twins, token_ids):
    ours, stock = twins()
    given = {"labels": token_ids(2, 9), "shift_labels": token_ids(2, 3, seed=1), "logits_to_keep": 3}
    assert_close(ours(token_ids(2, 9), **given).loss, stock(token_ids(2, 9), **given).loss)
    with pytest.raises(ValueError, match=r"shift_labels must be whole numbers \[2, 3\], got int64 \[2, 9\]"):
        ours(token_ids(2, 9), shift_labels=token_ids(2, 9), logits_to_keep=3)


def test_a_loss_of_ones_own(twins, token_ids):
    ours, _ = twins()
    ours.loss_function = lambda logits, labels, vocab_size, **_: logits.sum() * 0 + vocab_size
    assert ours(token_ids(1, 4), labels=token_ids(1, 4)).loss == ours.config.vocab_size


def test_a_head_of_another_size_is_made_anew_on_request_only(twins, tmp_path):
    ours, _ = twins("ForSequenceClassification", num_labels=3)
    ours.save_pretrained(tmp_path)
    for kind in (RuntimeError, ValueError):
        with pytest.raises(kind, match="score.weight"):
            Gemma2ForSequenceClassification.from_pretrained(tmp_path, num_labels=42)
    fresh = Gemma2ForSequenceClassification.from_pretrained(tmp_path, num_labels=42, ignore_mismatched_sizes=True)
    assert fresh.score.weight.shape == (42, 32)
    assert torch.equal(fresh.model.norm.weight, ours.model.norm.weight)


@pytest.mark.parametrize("head", HEADS)
def test_weights_handed_over_with_a_config(twins, head):
    ours, stock = twins(head)
    cls, weights = type(ours), ours.state_dict()
    for config in (ours.config, stock.config):
        loaded = cls.from_pretrained(None, config=config, state_dict=weights)
        assert all(torch.equal(weight, weights[name]) for name, weight in loaded.state_dict().items())
    weights.pop(next(name for name in weights if name.endswith("layers.1.mlp.up_proj.weight")))
    with pytest.raises(WeightsError, match=r"^state_dict: the weights lack .*layers.1.mlp.up_proj.weight"):
        cls.from_pretrained(None, config=ours.config, state_dict=weights)
    assert cls.from_pretrained(None, config=ours.config, state_dict={}).device.type == "cpu"


def test_who_asks_for_the_report_judges_it(twins, tmp_path):
    ours, _ = twins()
    ours.save_pretrained(tmp_path)
    save_file({"other": torch.ones(2)}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match="lack"):
        Gemma2ForCausalLM.from_pretrained(tmp_path)
    model, report = Gemma2ForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert set(report["missing_keys"]) >= {name for name, _ in model.named_parameters()}
    assert set(report["unexpected_keys"]) == {"other"}
    assert model.lm_head.weight is model.model.embed_tokens.weight


@pytest.mark.parametrize("head", HEADS)
def test_the_meta_device_holds_a_model_and_loads_none(twins, tmp_path, head):
    ours, _ = twins(head)
    ours.save_pretrained(tmp_path)
    with torch.device("meta"):
        assert type(ours)(ours.config).device.type == "meta"
        with pytest.raises(RuntimeError, match="You are using `from_pretrained` with a meta device context manager"):
            type(ours).from_pretrained(tmp_path)


def test_the_head_is_in_the_plans_of_transformers(twins):
    ours, stock = twins()
    assert ours.tp_plan == stock.tp_plan
    assert ours.tp_plan["lm_head"] == "colwise_gather_output"
    assert ours._pp_plan == stock._pp_plan
    assert ours._fsdp_plan == stock._fsdp_plan


@pytest.mark.parametrize("choice", [[0, -1], [2], 1])
def test_chosen_hidden_states_stand_at_their_places(twins, token_ids, choice):
    ours, stock = twins()
    mine, theirs = (model(token_ids(1, 5), output_hidden_states=choice).hidden_states for model in (ours, stock))
    assert [state is None for state in mine] == [state is None for state in theirs]
    for own, reference in zip(mine, theirs, strict=True):
        if own is not None:
            assert_close(own, reference, atol=1e-4, rtol=1e-4)
