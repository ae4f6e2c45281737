"""Direct contributions: they sum to transformers' logit, and taking one out takes exactly that much away."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from gemma2_workbench import AblateHead, LoadedModel, capture, contributions, predict, tokenize
from gemma2_workbench.views import table

TEXT = "The President of the United States met Emma in Paris, and Emma was glad."


@pytest.fixture(scope="module", params=[False, True], ids=["", "biases"])
def twins(request: Any, loaded_twins: Callable[..., Any]) -> tuple[LoadedModel, Any]:
    return loaded_twins(final_logit_softcapping=10.0, attention_bias=request.param)


@pytest.fixture(scope="module")
def ids(twins: tuple[LoadedModel, Any]) -> tuple[int, ...]:
    return tokenize(twins[0].tokenizer, TEXT).ids


@pytest.fixture(scope="module")
def watched(twins: tuple[LoadedModel, Any], ids: tuple[int, ...]) -> dict[str, Tensor]:
    """What goes into and comes out of transformers' own modules, by name: [T, ...]."""
    seen: dict[str, Tensor] = {}
    theirs = twins[1]
    handles = []
    for name, module in theirs.named_modules():
        if name.endswith(("o_proj", "norm", "lm_head", "embed_tokens")):
            handles.append(
                module.register_forward_hook(
                    lambda _module, args, out, name=name: seen.update({f"{name}.in": args[0][0], f"{name}.out": out[0]})
                )
            )
    with torch.no_grad():
        theirs(torch.tensor([ids]))
    for handle in handles:
        handle.remove()
    return seen


def frozen_logit(theirs: Any, resid_TD: Tensor, rms_T1: Tensor, token_T: Tensor) -> Tensor:
    """Logits before the cap of a residual stream that is divided by a given rms, [T]."""
    normed = resid_TD / rms_T1 * (1 + theirs.model.norm.weight)
    return (normed * theirs.lm_head.weight[token_T]).sum(-1)


def test_parts_and_remainder_are_transformers_logit(twins, ids, watched) -> None:
    found = contributions(twins[0], ids)
    logits = watched["lm_head.out"].gather(-1, found.ids.long()[:, None])[:, 0]
    torch.testing.assert_close(found.logits, logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found.capped, 10 * torch.tanh(logits / 10), rtol=1e-4, atol=1e-4)
    total = found.embedding + found.heads.sum((0, 1)) + found.biases.sum(0) + found.mlps.sum(0)
    assert (total - logits).abs().max() < 1e-3 * logits.abs().max()
    assert found.remainder.abs().max() < 1e-3 * logits.abs().max()
    assert bool(found.biases.any()) == bool(twins[1].config.attention_bias)


def test_taking_a_part_out_of_the_last_stream_takes_its_contribution_away(twins, ids, watched) -> None:
    loaded, theirs = twins
    found = contributions(loaded, ids)
    resid = watched["model.norm.in"]
    rms = (resid.pow(2).mean(-1, keepdim=True) + theirs.config.rms_norm_eps).sqrt()
    whole = frozen_logit(theirs, resid, rms, found.ids.long())
    torch.testing.assert_close(whole, found.logits, rtol=1e-4, atol=1e-4)

    def taken(part: Tensor) -> Tensor:
        return whole - frozen_logit(theirs, resid - part, rms, found.ids.long())

    for layer, head in ((0, 0), (1, 3), (3, 2)):
        name = f"model.layers.{layer}."
        module = theirs.model.layers[layer]
        alone = watched[name + "self_attn.o_proj.in"].clone().unflatten(-1, (4, 16))
        alone[:, [other for other in range(4) if other != head]] = 0
        attended = watched[name + "post_attention_layernorm.in"]
        inner = (attended.pow(2).mean(-1, keepdim=True) + theirs.config.rms_norm_eps).sqrt()
        out = alone.flatten(1) @ module.self_attn.o_proj.weight.T
        part = out / inner * (1 + module.post_attention_layernorm.weight)
        torch.testing.assert_close(found.heads[layer, head], taken(part), rtol=1e-3, atol=2e-4)
        mlp = watched[name + "post_feedforward_layernorm.out"]
        torch.testing.assert_close(found.mlps[layer], taken(mlp), rtol=1e-3, atol=2e-4)
    torch.testing.assert_close(found.embedding, taken(watched["model.embed_tokens.out"]), rtol=1e-3, atol=2e-4)


def test_ablating_a_head_is_another_number(twins, ids) -> None:
    loaded = twins[0]
    found = contributions(loaded, ids)
    token = int(found.ids[-1])
    before = predict(loaded, ids).logits[token]
    after = predict(loaded, ids, [AblateHead(0, 1)]).logits[token]
    assert abs(float(before - after) - float(found.heads[0, 1, -1])) > 0.05
    ablated = contributions(loaded, ids, token, [AblateHead(0, 1)])
    assert not ablated.heads[0, 1].any()
    torch.testing.assert_close(ablated.logits[-1], after, rtol=1e-4, atol=1e-4)


def test_the_table_sums_to_the_logit(loaded: LoadedModel) -> None:
    trace = capture(loaded, TEXT, read=("attention", "folds", "lens", "contributions"))
    for position in (None, 4):
        frame = table(trace, "contributions", position=position)
        at = len(trace.tokens) - 1 if position is None else position
        expected = predict(loaded, trace.tokens.ids, position=at).logits
        chosen = int(expected.argmax()) if position is None else trace.tokens.ids[5]
        assert frame["value"].sum() == pytest.approx(float(expected[chosen]), rel=1e-5)
        assert frame["logit"].iloc[0] == pytest.approx(float(expected[chosen]), rel=1e-5)
        assert frame["part"].value_counts().to_dict() == {"head": 36, "mlp": 6, "embedding": 1, "remainder": 1}
        assert set(frame.loc[frame["part"] == "head", "kv_head"]) == {0, 1}
