"""Hook points: a complete catalogue, reading that changes nothing, replacing that does, nothing left behind."""

from typing import Any

import pytest
import torch
from torch.testing import assert_close

from model import BLOCK_ROWS, HookPoint, Span, attached, points, set_block_rows

PER_LAYER = {
    "resid_pre",
    "self_attn.q_rot",
    "self_attn.k_rot",
    "self_attn.v",
    "self_attn.attn_logits",
    "self_attn.attn_scores",
    "self_attn.attn_probs",
    "self_attn.head_out",
    "post_attention_layernorm",
    "post_feedforward_layernorm",
}
BLOCKS = ("attn_logits", "attn_scores", "attn_probs")
TRUNK = {f"layers.{layer}.{name}" for layer in range(4) for name in PER_LAYER}
HEAD = {"final_logits", "capped_logits"}


class Recorder:
    """A hook that keeps every (tensor, span) it sees, and a copy of the tensor as it was."""

    def __init__(self):
        self.tensors, self.copies, self.spans = [], [], []

    def __call__(self, module, args, out):
        self.tensors.append(out)
        self.copies.append(out.clone())
        self.spans.append(args[1] if len(args) > 1 else None)


def record(model, pattern, *args, **kwargs):
    """Run the model with one recorder per matching point; {name: Recorder}."""
    recorders = {name: Recorder() for name in points(model, pattern)}
    with torch.no_grad(), attached(model, recorders):
        model(*args, **kwargs)
    return recorders


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
    assert set(points(ours, "layers.2.*")) == {f"layers.2.{name}" for name in PER_LAYER}
    assert len(points(ours, "*_logits")) == 6
    assert len(points(ours, "layers.[02].resid_pre")) == 2


def test_shapes_are_those_of_the_table(twins, token_ids):
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


def test_the_stages_follow_from_each_other(twins, token_ids):
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


@pytest.mark.parametrize("pattern", ["*", *sorted(PER_LAYER | HEAD)])
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_reading_changes_nothing_and_what_was_read_stays_as_it_was(twins, token_ids, pattern, mode):
    ours, _ = twins()
    ids = token_ids(2, 14)
    mask = torch.tensor([[0] * 3 + [1] * 11, [1] * 14])
    pattern = pattern if pattern in HEAD | {"*"} else f"layers.*.{pattern}"
    recorders = {name: Recorder() for name in points(ours, pattern)}
    with mode():
        plain = ours(ids, attention_mask=mask, output_attentions=True)
        with attached(ours, recorders):
            watched = ours(ids, attention_mask=mask, output_attentions=True)
    assert torch.equal(plain.logits, watched.logits)
    assert all(map(torch.equal, plain.attentions, watched.attentions))
    for name, recorder in recorders.items():
        assert recorder.tensors, f"{name} was not reached"
        assert all(map(torch.equal, recorder.tensors, recorder.copies)), f"{name} changed later"


def replaced(model, ids, name, change):
    """Logits with the tensor at `name` replaced by change(tensor, span)."""

    def hook(module, args, out):
        return change(out, args[1] if len(args) > 1 else None)

    with torch.no_grad(), attached(model, {name: hook}):
        return model(ids).logits


@pytest.mark.parametrize("name", sorted(TRUNK | HEAD))
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


def test_replaced_probabilities_are_what_mixes_the_values_and_what_is_returned(twins, token_ids):
    ours, _ = twins()
    ids = token_ids(1, 6)
    uniform = torch.ones(1, 4, 6, 6).tril() / torch.arange(1, 7)[:, None]
    name = "layers.1.self_attn.attn_probs"
    mixed = Recorder()
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
    assert set(kept) == TRUNK | HEAD
    for name, tensors in kept.items():
        assert any(tensor.grad.abs().sum() > 0 for tensor in tensors), name


def hooks_left(model):
    """Number of hooks on any module."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_nothing_is_left_behind(twins, token_ids):
    ours, _ = twins()
    before = hooks_left(ours)
    with attached(ours, {"*": Recorder()}):
        assert hooks_left(ours) == before + len(TRUNK | HEAD)
        assert all(p.watched for p in points(ours).values() if isinstance(p, HookPoint))
        ours(token_ids(1, 3))
    assert hooks_left(ours) == before
    assert not any(p.watched for p in points(ours).values() if isinstance(p, HookPoint))


def test_nothing_is_left_behind_after_an_error(twins, token_ids):
    ours, _ = twins()
    before = hooks_left(ours)
    plain = ours(token_ids(1, 9)).logits

    def fail(module, args, out):
        raise RuntimeError("the hook failed")

    with pytest.raises(RuntimeError, match="the hook failed"), attached(ours, {"layers.2.*": fail}):
        ours(token_ids(1, 9))
    with pytest.raises(KeyError), attached(ours, {"*": Recorder(), "layers.9.resid_pre": fail}):
        pass
    with pytest.raises(ZeroDivisionError), attached(ours, {"*": Recorder()}):
        raise ZeroDivisionError
    assert hooks_left(ours) == before
    assert torch.equal(ours(token_ids(1, 9)).logits, plain)


def test_blocks_of_attached_may_be_nested(twins, token_ids):
    ours, _ = twins()
    outer, inner = Recorder(), Recorder()
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
def test_an_unknown_name_is_an_error_that_names_the_nearest(twins, given, nearest):
    ours, _ = twins()
    for attempt in (lambda: points(ours, given), lambda: attached(ours, {given: Recorder()}).__enter__()):
        with pytest.raises(KeyError) as caught:
            attempt()
        assert repr(given) in str(caught.value) or given in str(caught.value)
        assert nearest in str(caught.value)


def test_a_hook_that_cannot_be_called_is_refused(twins):
    ours, _ = twins()
    wrong: Any = {"final_logits": 3}
    with pytest.raises(TypeError, match="final_logits"), attached(ours, wrong):
        pass


# Blocks


@pytest.fixture
def blocked(twins):
    """`blocked(rows, **config)` -> our twin with blocks of that many query rows, and the reference."""

    def make(rows, **config):
        ours, stock = twins(**config)
        set_block_rows(ours, rows)
        return ours, stock

    return make


MASKS = {"no padding": None, "left": [0] * 6 + [1] * 9, "right": [1] * 8 + [0] * 7, "holes": [1, 0, 0] * 5}


@pytest.mark.parametrize("rows", [1, 2, 7, 15, 1000])
@pytest.mark.parametrize("padding", MASKS)
@pytest.mark.parametrize("window", [1, 5])
@torch.no_grad()
def test_block_size_changes_no_number(blocked, token_ids, rows, padding, window):
    ours, stock = blocked(rows, sliding_window=window)
    ids = token_ids(2, 15)
    mask = None if MASKS[padding] is None else torch.tensor([MASKS[padding], [1] * 15])
    mine = ours(ids, attention_mask=mask, output_attentions=True)
    theirs = stock(ids, attention_mask=mask, output_attentions=True)
    assert_close(mine.logits, theirs.logits, atol=1e-4, rtol=1e-4)
    for own, reference in zip(mine.attentions, theirs.attentions, strict=True):
        assert_close(own, reference, atol=1e-4, rtol=0)


@pytest.mark.parametrize("rows", [1, 3, 100])
@torch.no_grad()
def test_block_size_changes_no_number_with_cache_or_packing(blocked, token_ids, rows):
    ours, stock = blocked(rows)
    ids = token_ids(2, 18)
    first = ours(ids[:, :11])
    rest = ours(ids[:, 11:], past_key_values=first.past_key_values)
    both = torch.cat((first.logits, rest.logits), 1)
    assert_close(both, stock(ids).logits, atol=1e-4, rtol=1e-4)
    packed = {"position_ids": torch.tensor([[*range(7), *range(11)]]), "use_cache": False}
    assert_close(ours(ids, **packed).logits, stock(ids, **packed).logits, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("rows", [1, 4, 7, 100])
@pytest.mark.parametrize("past", [0, 3, 11])
@pytest.mark.parametrize("left", [0, 6])
@torch.no_grad()
def test_spans_tile_the_map_exactly(blocked, token_ids, rows, past, left):
    ours, _ = blocked(rows)
    ids = token_ids(1, 18)
    mask = torch.tensor([[0] * left + [1] * (18 - left)])
    cache = ours(ids[:, :past], attention_mask=mask[:, :past]).past_key_values if past else None
    recorders = {name: Recorder() for name in points(ours, "layers.*.self_attn.attn_*")}
    with attached(ours, recorders):
        maps = ours(ids[:, past:], attention_mask=mask, past_key_values=cache, output_attentions=True).attentions
    for name, recorder in recorders.items():
        layer = int(name.split(".")[1])
        offset = max(past - 4, 0) if layer % 2 == 0 else 0
        assert all(isinstance(span, Span) for span in recorder.spans)
        assert [row for span in recorder.spans for row in span.rows] == list(range(past, 18))
        assert all(len(span.rows) <= rows for span in recorder.spans)
        dense = torch.zeros_like(maps[layer])
        for tensor, span in zip(recorder.tensors, recorder.spans, strict=True):
            assert tensor.shape == (1, 4, len(span.rows), len(span.keys))
            assert range(offset, 18)[0] <= span.keys.start
            assert span.keys.stop <= 18
            columns = slice(span.keys.start - offset, span.keys.stop - offset)
            dense[:, :, span.rows.start - past : span.rows.stop - past, columns] = tensor
        if name.endswith("attn_probs"):
            assert torch.equal(dense, maps[layer])


@torch.no_grad()
def test_local_layers_touch_only_keys_inside_their_window(blocked, token_ids):
    ours, _ = blocked(4)
    seen = record(ours, "layers.*.self_attn.attn_probs", token_ids(1, 18))
    for name, recorder in seen.items():
        for span in recorder.spans:
            local = int(name.split(".")[1]) % 2 == 0
            assert span.keys.start == (max(0, span.rows.start - 4) if local else 0)
            assert span.keys.stop == span.rows.stop


@pytest.mark.parametrize("rows", [0, -1])
def test_a_block_size_that_cannot_be_is_refused(twins, rows):
    ours, _ = twins()
    with pytest.raises(ValueError, match=f"got {rows}"):
        set_block_rows(ours, rows)


def test_the_default_block_size_is_128_rows(twins, token_ids):
    ours, _ = twins(max_position_embeddings=300)
    assert BLOCK_ROWS == 128
    seen = record(ours, "layers.1.self_attn.attn_probs", token_ids(1, 300))
    rows = [len(span.rows) for span in seen["layers.1.self_attn.attn_probs"].spans]
    assert rows == [128, 128, 44]
