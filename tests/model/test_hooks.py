"""Hook points: a complete catalogue, reading that changes nothing, nothing left behind."""

from typing import Any

import pytest
import torch
from torch.testing import assert_close

from gemma2_workbench.model import HookPoint, attached, points
from tests.model.conftest import STAGES

TRUNK = {f"layers.{layer}.{name}" for layer in range(4) for name in STAGES}
HEAD = {"final_logits", "capped_logits"}


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("Model", TRUNK),
        ("ForCausalLM", TRUNK | HEAD),
        ("ForSequenceClassification", TRUNK),
        ("ForTokenClassification", TRUNK),
    ],
)
def test_the_catalogue_is_the_documented_table(twins, head, names):
    ours, _ = twins(head)
    assert set(points(ours)) == names


@pytest.mark.parametrize("head", ["Model", "ForCausalLM", "ForSequenceClassification", "ForTokenClassification"])
@pytest.mark.parametrize("config", [{}, {"attention_bias": True, "tie_word_embeddings": False}])
def test_state_dict_names_and_shapes_are_the_reference_s(twins, head, config):
    ours, stock = twins(head, **config)
    mine, theirs = ours.state_dict(), stock.state_dict()
    assert list(mine) == list(theirs)
    assert {k: v.shape for k, v in mine.items()} == {k: v.shape for k, v in theirs.items()}


def test_names_are_module_paths(twins):
    ours, _ = twins()
    modules = dict(ours.model.named_modules())
    for name, module in points(ours, "layers.*").items():
        assert modules[name] is module
    assert points(ours, "final_logits") == {"final_logits": ours.final_logits}


def test_patterns_select(twins):
    ours, _ = twins()
    assert set(points(ours, "layers.*.self_attn.v")) == {f"layers.{i}.self_attn.v" for i in range(4)}
    assert set(points(ours, "layers.2.*")) == {f"layers.2.{name}" for name in STAGES}
    assert len(points(ours, "*_logits")) == 6
    assert len(points(ours, "layers.[02].resid_pre")) == 2


def test_shapes_are_those_of_the_table(record, twins, token_ids):
    ours, _ = twins()
    seen = record(ours, "*", token_ids(2, 9))
    expected = {
        "resid_pre": (2, 9, 32),
        "q_rot": (2, 4, 9, 8),
        "k_rot": (2, 2, 9, 8),
        "v": (2, 2, 9, 8),
        "attn_logits": (2, 4, 9, 9),
        "attn_scores": (2, 4, 9, 9),
        "attn_probs": (2, 4, 9, 9),
        "head_out": (2, 4, 9, 8),
        "post_attention_layernorm": (2, 9, 32),
        "post_feedforward_layernorm": (2, 9, 32),
        "final_logits": (2, 9, 97),
        "capped_logits": (2, 9, 97),
    }
    for name, recorder in seen.items():
        (tensor,) = recorder.tensors
        assert tensor.shape == expected[name.rpartition(".")[2]], name


def test_the_stages_follow_from_each_other(record, twins, token_ids):
    ours, _ = twins()
    ids = token_ids(1, 9)
    seen = {name: recorder.tensors[0] for name, recorder in record(ours, "*", ids).items()}
    q, k = seen["layers.1.self_attn.q_rot"], seen["layers.1.self_attn.k_rot"].repeat_interleave(2, 1)
    v = seen["layers.1.self_attn.v"].repeat_interleave(2, 1)
    logits = q @ k.transpose(-1, -2) * 12**-0.5
    assert_close(seen["layers.1.self_attn.attn_logits"], logits, atol=1e-4, rtol=1e-4)
    scores = 20 * torch.tanh(logits / 20)
    assert_close(seen["layers.1.self_attn.attn_scores"], scores, atol=1e-4, rtol=1e-4)
    future = torch.ones(9, 9, dtype=torch.bool).triu(1)
    probs = scores.masked_fill(future, -torch.inf).softmax(-1)
    assert_close(seen["layers.1.self_attn.attn_probs"], probs, atol=1e-4, rtol=0)
    mixed = seen["layers.1.self_attn.head_out"]
    assert_close(mixed, probs @ v, atol=1e-3, rtol=1e-3)
    added = seen["layers.1.post_attention_layernorm"] + seen["layers.1.post_feedforward_layernorm"]
    assert_close(seen["layers.2.resid_pre"], seen["layers.1.resid_pre"] + added, atol=1e-4, rtol=1e-4)
    capped = 10 * torch.tanh(seen["final_logits"] / 10)
    assert_close(seen["capped_logits"], capped)
    assert_close(ours(ids).logits, capped)


@pytest.mark.parametrize(
    ("pattern", "mode"),
    [
        *((pattern, torch.no_grad) for pattern in sorted({*STAGES, *HEAD})),
        *(("*", mode) for mode in (torch.no_grad, torch.inference_mode, torch.enable_grad)),
    ],
)
def test_reading_changes_nothing_and_what_was_read_stays_as_it_was(recorder, twins, token_ids, pattern, mode):
    ours, _ = twins()
    ids = token_ids(2, 14)
    mask = torch.tensor([[0] * 3 + [1] * 11, [1] * 14])
    pattern = pattern if pattern in HEAD | {"*"} else f"layers.*.{pattern}"
    recorders = {name: recorder() for name in points(ours, pattern)}
    with mode():
        plain = ours(ids, attention_mask=mask, output_attentions=True)
        with attached(ours, recorders):
            watched = ours(ids, attention_mask=mask, output_attentions=True)
    assert torch.equal(plain.logits, watched.logits)
    assert all(map(torch.equal, plain.attentions, watched.attentions))
    for name, recorder in recorders.items():
        assert recorder.tensors, f"{name} was not reached"
        assert all(map(torch.equal, recorder.tensors, recorder.copies)), f"{name} changed later"


def hooks_left(model):
    """Number of hooks on any module."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_nothing_is_left_behind(recorder, twins, token_ids):
    ours, _ = twins()
    before = hooks_left(ours)
    with attached(ours, {"*": recorder()}):
        assert hooks_left(ours) == before + len(TRUNK | HEAD)
        assert all(p.watched for p in points(ours).values() if isinstance(p, HookPoint))
        ours(token_ids(1, 3))
    assert hooks_left(ours) == before
    assert not any(p.watched for p in points(ours).values() if isinstance(p, HookPoint))


def test_nothing_is_left_behind_after_an_error(recorder, twins, token_ids):
    ours, _ = twins()
    before = hooks_left(ours)
    plain = ours(token_ids(1, 9)).logits

    def fail(module, args, out):
        raise RuntimeError("the hook failed")

    with pytest.raises(RuntimeError, match="the hook failed"), attached(ours, {"layers.2.*": fail}):
        ours(token_ids(1, 9))
    with pytest.raises(KeyError), attached(ours, {"*": recorder(), "layers.9.resid_pre": fail}):
        pass
    with pytest.raises(ZeroDivisionError), attached(ours, {"*": recorder()}):
        raise ZeroDivisionError
    assert hooks_left(ours) == before
    assert torch.equal(ours(token_ids(1, 9)).logits, plain)


def test_blocks_of_attached_may_be_nested(recorder, twins, token_ids):
    ours, _ = twins()
    outer, inner = recorder(), recorder()
    with torch.no_grad(), attached(ours, {"final_logits": outer}):
        ours(token_ids(1, 3))
        with attached(ours, {"final_logits": inner}):
            ours(token_ids(1, 3))
        ours(token_ids(1, 3))
    assert (len(outer.tensors), len(inner.tensors)) == (3, 1)


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("layers.3.self_attn.attn_prob", "'layers.3.self_attn.attn_probs'"),
        ("layer.0.resid_pre", "'layers.0.resid_pre'"),
        ("final_logit", "'final_logits'"),
        ("layers.7.self_attn.v", "self_attn.v'"),
        ("model.layers.0.resid_pre", "'layers.0.resid_pre'"),
        ("", "'"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_nearest(recorder, twins, given, nearest):
    ours, _ = twins()
    for attempt in (lambda: points(ours, given), lambda: attached(ours, {given: recorder()}).__enter__()):
        with pytest.raises(KeyError) as caught:
            attempt()
        assert repr(given) in str(caught.value) or given in str(caught.value)
        assert nearest in str(caught.value)


def test_a_hook_that_cannot_be_called_is_refused(twins):
    ours, _ = twins()
    wrong: Any = {"final_logits": 3}
    with pytest.raises(TypeError, match="final_logits"), attached(ours, wrong):
        pass
