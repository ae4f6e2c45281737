"""Hooks that replace a stage: the model goes on with the replacement, in logits, maps, cache and gradients."""

import pytest
import torch
from torch.testing import assert_close

from gemma2_workbench.model import attached, points
from tests.model.conftest import STAGES

NAMES = [*(f"layers.{layer}.{stage}" for layer in range(4) for stage in STAGES), "final_logits", "capped_logits"]


def replaced(model, ids, name, change):
    """Logits with the tensor at `name` replaced by change(tensor, span)."""

    def hook(module, args, out):
        return change(out, args[1] if len(args) > 1 else None)

    with torch.no_grad(), attached(model, {name: hook}):
        return model(ids).logits


@pytest.mark.parametrize("name", NAMES)
def test_replacing_changes_the_logits(twins, token_ids, name):
    ours, _ = twins()
    ids = token_ids(1, 9)
    with torch.no_grad():
        plain = ours(ids).logits
    noise = torch.Generator().manual_seed(1)
    changed = replaced(ours, ids, name, lambda x, span: x * torch.rand(x.shape, generator=noise))
    assert (changed - plain).abs().max() > 1e-3
    assert torch.equal(replaced(ours, ids, name, lambda x, span: x), plain)


def test_a_head_set_to_zero_equals_zeroed_columns_of_the_output_projection(twins, token_ids):
    ours, stock = twins()
    ids = token_ids(2, 9)

    def silence(heads, span):
        heads = heads.clone()
        heads[:, 2] = 0
        return heads

    mine = replaced(ours, ids, "layers.1.self_attn.head_out", silence)
    with torch.no_grad():
        stock.model.layers[1].self_attn.o_proj.weight[:, 16:24] = 0
        assert_close(mine, stock(ids).logits, atol=1e-4, rtol=1e-4)


def test_replaced_probabilities_are_what_mixes_the_values_and_what_is_returned(record, recorder, twins, token_ids):
    ours, _ = twins()
    ids = token_ids(1, 6)
    uniform = torch.ones(1, 4, 6, 6).tril() / torch.arange(1, 7)[:, None]
    name = "layers.1.self_attn.attn_probs"
    mixed = recorder()
    hooks = {
        name: lambda module, args, out: uniform[:, :, args[1].rows.start : args[1].rows.stop],
        "layers.1.self_attn.head_out": mixed,
    }
    values = record(ours, "layers.1.self_attn.v", ids)["layers.1.self_attn.v"].tensors[0]
    with torch.no_grad(), attached(ours, hooks):
        maps = ours(ids, output_attentions=True).attentions
    assert_close(mixed.tensors[0], uniform @ values.repeat_interleave(2, 1))
    assert_close(maps[1], uniform)


def test_replaced_keys_reach_the_cache(twins, token_ids):
    ours, _ = twins()
    ids = token_ids(1, 6)
    with torch.no_grad(), attached(ours, {"layers.1.self_attn.k_rot": lambda module, args, out: out * 0 + 2}):
        cache = ours(ids).past_key_values
    assert (cache.layers[1].keys == 2).all()


def test_a_forward_pre_hook_of_torch_works_too(twins, token_ids):
    ours, _ = twins()
    ids = token_ids(1, 9)
    with torch.no_grad():
        plain = ours(ids).logits
        handle = points(ours, "layers.0.self_attn.attn_logits")[
            "layers.0.self_attn.attn_logits"
        ].register_forward_pre_hook(lambda module, args: (args[0] * 0, *args[1:]))
        changed = ours(ids).logits
        handle.remove()
        again = ours(ids).logits
    assert (changed - plain).abs().max() > 1e-3
    assert torch.equal(again, plain)


def test_gradients_reach_every_point(twins, token_ids):
    ours, _ = twins()
    kept = {}

    def keep(name):
        def hook(module, args, out):
            out.retain_grad()
            kept.setdefault(name, []).append(out)

        return hook

    with attached(ours, {name: keep(name) for name in points(ours)}):
        ours(token_ids(1, 9)).logits[0, -1, 5].backward()
    assert set(kept) == set(points(ours))
    for name, tensors in kept.items():
        assert any(tensor.grad.abs().sum() > 0 for tensor in tensors), name
