"""What a forward pass returns, and in which form: hidden states, maps, some logits, plain tuples."""

import math
import weakref
from functools import partial

import pytest
import torch
from torch.testing import assert_close

from gemma2_workbench.model import attached

close = partial(assert_close, atol=1e-4, rtol=1e-4)


EVERYTHING = {"output_attentions": True, "output_hidden_states": True}


@torch.no_grad()
def test_hidden_states_are_embeddings_then_residuals_then_the_final_norm(twins, token_ids):
    ours, _ = twins()
    ids = token_ids(2, 8)
    trunk = ours.model(ids, output_hidden_states=True)
    levels = trunk.hidden_states
    assert len(levels) == 5
    assert_close(levels[0], ours.model.embed_tokens(ids), atol=0, rtol=0)
    weight = ours.model.embed_tokens.weight
    assert_close(levels[0], weight[ids] * math.sqrt(32))
    assert_close(levels[-1], trunk.last_hidden_state, atol=0, rtol=0)
    residuals = []
    with attached(ours, {"layers.*.resid_pre": lambda module, args, out: residuals.append(out)}):
        ours(ids)
    for level, residual in zip(levels, residuals, strict=False):
        assert_close(level, residual, atol=0, rtol=0)


@torch.no_grad()
def test_residuals_are_let_go_unless_asked_for(twins, token_ids):
    ours, _ = twins()
    seen, alive = [], []

    def look(module, args, out):
        alive.append(sum(residual() is not None for residual in seen))
        seen.append(weakref.ref(out))

    with attached(ours, {"layers.*.resid_pre": look}):
        ours(token_ids(1, 9), use_cache=False)
        assert max(alive) <= 1, "only the layer before may still be held"


@torch.no_grad()
def test_outputs_absent_unless_asked_for_by_argument_or_config(twins, token_ids):
    ours, _ = twins()
    plain = ours(token_ids(1, 4))
    assert plain.attentions is None
    assert plain.hidden_states is None
    ours.config.output_attentions = True
    ours.config.output_hidden_states = True
    asked = ours(token_ids(1, 4))
    assert len(asked.attentions) == 4
    assert len(asked.hidden_states) == 5
    refused = ours(token_ids(1, 4), output_attentions=False, output_hidden_states=False)
    assert refused.attentions is None
    assert refused.hidden_states is None


@torch.no_grad()
def test_maps_are_probabilities(twins, token_ids):
    ours, _ = twins()
    for map_BNTS in ours(token_ids(2, 12), output_attentions=True).attentions:
        assert map_BNTS.shape == (2, 4, 12, 12)
        assert_close(map_BNTS.sum(-1), torch.ones(2, 4, 12))
        assert (map_BNTS >= 0).all()


@torch.no_grad()
def test_inputs_embeds_are_taken_as_already_scaled(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, 9)
    embeds = ours.get_input_embeddings()(ids)
    assert_close(ours(inputs_embeds=embeds).logits, ours(ids).logits, atol=0, rtol=0)
    close(ours(inputs_embeds=embeds).logits, stock(inputs_embeds=embeds).logits)


@pytest.mark.parametrize("kept", [0, 1, 3, 9, 30, torch.tensor([0]), torch.tensor([8, 2, 2]), torch.tensor([-1])])
@torch.no_grad()
def test_logits_to_keep(twins, token_ids, kept):
    ours, stock = twins()
    ids = token_ids(2, 9)
    mine = ours(ids, logits_to_keep=kept).logits
    close(mine, stock(ids, logits_to_keep=kept).logits)


@torch.no_grad()
def test_tuples_by_argument_and_by_config(twins, token_ids):
    ours, _ = twins()
    arguments = {"input_ids": token_ids(2, 9), "labels": token_ids(2, 9), **EVERYTHING}
    named = ours(**arguments)
    by_argument = ours(**arguments, return_dict=False)
    ours.config.return_dict = False
    by_config = ours(**arguments)
    trunk = ours.model(arguments["input_ids"])
    for plain in (by_argument, by_config):
        assert isinstance(plain, tuple)
        loss, logits, _cache, hidden_states, attentions = plain
        assert_close(loss, named.loss)
        assert_close(logits, named.logits)
        assert len(hidden_states) == 5
        assert len(attentions) == 4
    assert isinstance(trunk, tuple)
    assert trunk[0].shape == (2, 9, 32)
    assert len(ours(arguments["input_ids"], use_cache=False)) == 1
    assert ours(arguments["input_ids"], return_dict=True).logits.shape == (2, 9, 97)
