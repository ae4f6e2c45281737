"""The lean forward pass of training is the model's own, with its gradients."""

import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close

from gemma2_workbench.model import Gemma2Config, Gemma2ForCausalLM
from training.forward import LeanForward

SMALL = {
    "vocab_size": 97,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "query_pre_attn_scalar": 8,
    "sliding_window": 8,
    "initializer_range": 0.5,
    "attn_logit_softcapping": 5.0,
    "final_logit_softcapping": 3.0,
}


@pytest.mark.parametrize("tokens", [8, 16, 40])
def test_loss_and_gradients_equal_the_models(tokens: int):
    torch.manual_seed(0)
    model = Gemma2ForCausalLM(Gemma2Config(**SMALL))
    # id 0 is padding: the model's embedding gives it no gradient, and no training text holds it
    ids = torch.randint(1, 97, (3, tokens))
    targets = torch.randint(0, 97, (3, tokens))
    targets[0, :5] = -100

    lean = LeanForward(model).loss(ids, targets)
    lean.backward()
    found = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    logits = model(input_ids=ids).logits
    expected = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    expected.backward()

    assert_close(lean, expected, atol=1e-5, rtol=1e-5)
    for name, weight in model.named_parameters():
        assert_close(found[name], weight.grad, atol=1e-5, rtol=1e-4, msg=name)


def test_bfloat16_products_stay_near():
    torch.manual_seed(0)
    model = Gemma2ForCausalLM(Gemma2Config(**SMALL | {"initializer_range": 0.05}))
    ids, targets = torch.randint(1, 97, (2, 3, 16))
    exact = LeanForward(model).loss(ids, targets)
    assert_close(LeanForward(model, torch.bfloat16).loss(ids, targets), exact, atol=0.02, rtol=0)


def test_other_layer_patterns_are_refused():
    config = Gemma2Config(**SMALL, layer_types=["full_attention"] * 4)
    with pytest.raises(ValueError, match="alternate"):
        LeanForward(Gemma2ForCausalLM(config))
