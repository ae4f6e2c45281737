"""The model as an ordinary nn.Module: gradients, dropout in training only, gradient checkpointing."""

import inspect

import pytest
import torch
from torch.testing import assert_close

from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM, set_block_rows


def gradients(model, ids, mask=None):
    """The gradient by parameter name of the loss over the tokens that follow a token, not padding.

    What a row of padding predicts is garbage, and its gradient differs: the reference's flows through hidden scores.
    """
    model.zero_grad()
    labels = ids.clone()
    if mask is not None:
        labels[:, 1:][mask[:, :-1] == 0] = -100
    model(ids, labels=labels, attention_mask=mask).loss.backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("config", [{}, {"attention_bias": True, "tie_word_embeddings": False}])
@pytest.mark.parametrize("rows", [128, 4])
def test_gradients_equal_the_reference(twins, token_ids, config, rows):
    ours, stock = twins(**config)
    set_block_rows(ours, rows)
    ids = token_ids(2, 12)
    mask = torch.tensor([[1] * 12, [0] * 4 + [1] * 8])
    mine = gradients(ours, ids, mask)
    theirs = gradients(stock, ids, mask)
    assert set(mine) == set(theirs)
    for name, gradient in mine.items():
        scale = float(theirs[name].abs().max())
        assert gradient.abs().max() > 0, name
        assert_close(gradient, theirs[name], atol=1e-4 * max(scale, 1), rtol=1e-3)


def test_gradients_reach_given_embeddings(twins, token_ids):
    ours, stock = twins()
    found = []
    for twin in (ours, stock):
        embeds = twin.get_input_embeddings()(token_ids(1, 9)).detach().requires_grad_()
        twin(inputs_embeds=embeds).logits[0, -1, 7].backward()
        found.append(embeds.grad)
    assert_close(*found, atol=1e-4, rtol=1e-3)


def test_gradient_checkpointing_changes_no_gradient(twins, token_ids):
    ours, _ = twins()
    ids = token_ids(2, 12)
    ours.train()
    plain = gradients(ours, ids)
    ours.activation_checkpointing_enable()
    assert ours.is_activation_checkpointing
    output = ours(ids, labels=ids)
    assert output.past_key_values is None, "recomputing and caching exclude each other"
    for name, gradient in gradients(ours, ids).items():
        assert_close(gradient, plain[name])


def test_attention_dropout_in_training_only_and_like_the_reference(twins, token_ids):
    ours, stock = twins(attention_dropout=0.5)
    quiet, _ = twins()
    ids = token_ids(2, 12)
    assert_close(ours(ids).logits, quiet(ids).logits)
    ours.train()
    stock.train()
    torch.manual_seed(5)
    mine = ours(ids, output_attentions=True)
    torch.manual_seed(5)
    theirs = stock(ids, output_attentions=True)
    # With one block per layer even the random numbers are drawn in the same order and shape.
    assert_close(mine.logits, theirs.logits, atol=1e-4, rtol=1e-4)
    assert_close(mine.attentions[1], theirs.attentions[1], atol=1e-4, rtol=0)
    visible = torch.ones(12, 12, dtype=torch.bool).tril()
    dropped = (mine.attentions[1][:, :, visible] == 0).float().mean()
    assert 0.3 < dropped < 0.7
    assert not torch.equal(ours(ids).logits, ours(ids).logits)


def test_a_few_steps_learn_a_sequence_by_heart(tiny, token_ids):
    torch.manual_seed(0)
    ours = Gemma2ForCausalLM(Gemma2Config(**tiny | {"initializer_range": 0.1})).train()
    optimiser = torch.optim.AdamW(ours.parameters(), lr=1e-2)
    ids = token_ids(2, 12)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = ours(ids, labels=ids).loss
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize("head", ["ForCausalLM", "ForSequenceClassification", "ForTokenClassification"])
def test_trainer_s_rule_for_loss_arguments_holds(twins, head):
    # transformers' Trainer passes num_items_in_batch wherever a forward seems to take any keyword.
    ours, _ = twins(head)
    parameters = inspect.signature(ours.forward).parameters
    takes_any = any(p.kind == inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    if getattr(ours, "accepts_loss_kwargs", takes_any):
        assert "num_items_in_batch" in parameters


def test_bfloat16_trains_too(twins, token_ids):
    ours, _ = twins(initializer_range=0.3)
    for name, gradient in gradients(ours.to(torch.bfloat16), token_ids(2, 9)).items():
        assert gradient.isfinite().all(), name


@pytest.mark.parametrize("rows", [1, 4, 128])
@pytest.mark.parametrize("training", [False, True])
def test_returned_maps_have_the_gradient_of_the_reference(twins, token_ids, rows, training):
    """Relevance methods multiply each map with its gradient; cells that the mask hides have one as well."""
    ours, stock = twins()
    set_block_rows(ours, rows)
    ids, mask = token_ids(2, 12), torch.tensor([[1] * 12, [0] * 4 + [1] * 8])
    found = []
    for twin in (ours, stock):
        output = twin.train(training)(ids, attention_mask=mask, output_attentions=True, output_hidden_states=True)
        kept = (*output.attentions, *output.hidden_states[:-1])
        for tensor in kept:
            tensor.retain_grad()
        output.logits[:, -1, 7].sum().backward()
        found.append([tensor.grad for tensor in kept])
    assert len(found[0]) == 2 * len(ours.model.layers)
    for mine, theirs in zip(*found, strict=True):
        assert theirs.abs().max() > 0
        assert_close(mine, theirs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("rows", [1, 4, 128])
def test_maps_are_the_same_with_and_without_a_graph(twins, token_ids, rows):
    ours, _ = twins()
    set_block_rows(ours, rows)
    ids = token_ids(1, 12)
    recorded = ours(ids, output_attentions=True)
    with torch.no_grad():
        plain = ours(ids, output_attentions=True)
    assert_close(recorded.logits.detach(), plain.logits, atol=1e-5, rtol=1e-5)
    for mine, theirs in zip(recorded.attentions, plain.attentions, strict=True):
        assert not theirs.requires_grad
        assert_close(mine.detach(), theirs, atol=1e-5, rtol=0)
