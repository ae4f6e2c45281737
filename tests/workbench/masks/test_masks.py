"""The mask lab's masks, against transformers' own dense masks and against what the model does."""

from dataclasses import replace
from itertools import product

import pytest
import torch
from transformers import Gemma2Config as StockConfig
from transformers import Gemma2ForTokenClassification as TransformersTagger
from transformers.cache_utils import DynamicCache, StaticCache
from transformers.masking_utils import create_causal_mask, create_sliding_window_causal_mask

from gemma2_workbench import embedded
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.setting import Setting
from gemma2_workbench.masks.words import explain, summary
from gemma2_workbench.model import Gemma2Config, HybridCache, Reason, attached
from gemma2_workbench.models.outline import Outline
from gemma2_workbench.views.mask import figure

LAYERS = ("local", "global", "local", "global")
SETTINGS = {
    "plain": Setting(11, 4, LAYERS),
    "window of one": Setting(7, 1, LAYERS),
    "window longer than the text": Setting(6, 20, LAYERS),
    "left padding": Setting(8, 3, LAYERS, padding=3),
    "right padding": Setting(8, 3, LAYERS, padding=3, side="right"),
    "decode": Setting(11, 4, LAYERS, decode=4),
    "decode within the window": Setting(5, 8, LAYERS, decode=4),
    "decode after left padding": Setting(9, 3, LAYERS, padding=2, decode=4),
    "decode after right padding": Setting(9, 3, LAYERS, padding=4, side="right", decode=4),
    "chunks": Setting(13, 4, LAYERS, chunk=3),
    "chunks longer than the window, then decode": Setting(17, 3, LAYERS, padding=2, chunk=6, decode=3),
    "window of one, decode": Setting(7, 1, LAYERS, decode=3),
    "prefix": Setting(9, 3, LAYERS, prefix=6),
    "prefix after left padding, decode": Setting(9, 3, LAYERS, padding=2, decode=3, prefix=5),
    "prefix before right padding": Setting(8, 3, LAYERS, padding=2, side="right", decode=1, prefix=6),
}
CACHES = {
    "dynamic": lambda setting, config: DynamicCache(config=config),
    "static": lambda setting, config: StaticCache(config=config, max_cache_len=setting.slots or setting.length),
}


def dense_masks(setting):
    """For each pass transformers' own masks of a local and a global layer, bool [Q, S], True where visible."""
    config = StockConfig(
        num_hidden_layers=4, sliding_window=setting.window, head_dim=4, num_key_value_heads=1, num_attention_heads=1
    )
    config._attn_implementation = "eager"
    cache = CACHES[setting.cache](setting, config)
    for call in setting.passes:
        padding = torch.tensor([[int(at not in setting.pads) for at in range(call.rows.stop)]])
        embeds = torch.zeros(1, len(call.rows), 4)
        # As PaliGemma: its prefix is one block, in the first pass.
        blocks = torch.tensor([[0 if at in setting.prefix_positions else -1 for at in call.rows]])
        prefix = {"block_sequence_ids": blocks} if setting.prefix and call.name == "prefill" else {}
        made = [
            create(config=config, inputs_embeds=embeds, attention_mask=padding, past_key_values=cache, **prefix)
            for create in (create_sliding_window_causal_mask, create_causal_mask)
        ]
        yield [mask[0, 0] == 0 for mask in made]
        for layer in range(4):
            keys = torch.zeros(1, 1, len(call.rows), 4)
            cache.update(keys, keys, layer)


@pytest.mark.parametrize("spare", [None, 0, 5])
@pytest.mark.parametrize("name", SETTINGS)
def test_masks_are_those_of_transformers(name, spare):
    setting = SETTINGS[name]
    if spare is not None:
        setting = replace(setting, cache="static", slots=setting.length + spare)
    ours = zip(layer_masks(setting, 0), layer_masks(setting, 1), strict=True)
    for pair, dense in zip(ours, dense_masks(setting), strict=True):
        for mask, expected in zip(pair, dense, strict=True):
            assert torch.equal(mask.reasons == Reason.VISIBLE, expected), mask.call.label
            assert mask.visible.tolist() == expected.sum(-1).tolist()


@pytest.mark.parametrize("cache", ["dynamic", "static"])
@pytest.mark.parametrize("name", ["plain", "decode after left padding", "chunks longer than the window, then decode"])
@torch.no_grad()
def test_masks_are_where_the_model_looks(twins, token_ids, name, cache):
    setting = replace(SETTINGS[name], cache=cache, slots=20)
    ours, _ = twins(initializer_range=0.05, sliding_window=setting.window)
    past = DynamicCache(config=ours.config) if cache == "dynamic" else HybridCache(ours.config, 1, 20)
    ids = token_ids(1, setting.length)
    masks = [layer_masks(setting, layer) for layer in range(4)]
    for at, call in enumerate(setting.passes):
        out = ours(
            ids[:, call.rows.start : call.rows.stop],
            attention_mask=setting.keep(call.rows.stop),
            past_key_values=past,
            output_attentions=True,
        )
        for layer in range(4):
            mask = masks[layer][at]
            seen_QS = out.attentions[layer][0, 0] > 0
            assert seen_QS.shape == mask.reasons.shape
            sighted = mask.visible > 0  # a row without keys is spread over all of them, and means nothing
            assert torch.equal(seen_QS[sighted], (mask.reasons == Reason.VISIBLE)[sighted])


def keys_of(model, ids):
    """The rotated keys of every layer, without any cache, [1, G, T, H] each."""
    kept = {}

    def keeping(layer):
        return lambda _module, _args, out: kept.__setitem__(layer, out)

    with attached(model.model, {f"layers.{layer}.self_attn.k_rot": keeping(layer) for layer in range(4)}):
        model(ids, use_cache=False)
    return kept


@torch.no_grad()
def test_a_cache_holds_what_the_models_cache_holds(twins, token_ids):
    """Keys found in the model's cache are those of the positions that the lab names, slot by slot."""
    for cache, window in product(("dynamic", "static"), (2, 4)):
        setting = Setting(12, window, LAYERS, decode=4, chunk=5, cache=cache, slots=15)
        ours, _ = twins(sliding_window=window)
        ids = token_ids(1, setting.length)
        keys = keys_of(ours, ids)
        past = DynamicCache(config=ours.config) if cache == "dynamic" else HybridCache(ours.config, 1, 15)
        masks = [layer_masks(setting, layer) for layer in range(4)]
        for at, call in enumerate(setting.passes):
            ours(ids[:, call.rows.start : call.rows.stop], past_key_values=past)
            for layer in range(4):
                holds, stored = masks[layer][at].holds, past.layers[layer].keys[0]
                assert len(holds) == stored.shape[1]
                for slot, position in enumerate(holds):
                    expected = torch.zeros(2, 8) if position is None else keys[layer][0, :, position]
                    torch.testing.assert_close(stored[:, slot], expected, atol=1e-4, rtol=1e-4)


def test_local_layers_keep_a_window_and_static_ones_all_slots():
    dynamic = Setting(12, 4, decode=3)
    assert [mask.holds for mask in layer_masks(dynamic, 0)] == [(6, 7, 8), (7, 8, 9), (8, 9, 10), (9, 10, 11)]
    static = replace(dynamic, cache="static", slots=14)
    first, *_, last = layer_masks(static, 1)
    assert first.holds == (*range(9), *[None] * 5)
    assert last.holds == (*range(12), None, None)
    assert last.keys == range(14)


def test_without_a_cache_every_pass_starts_anew():
    setting = Setting(5, 3, decode=2, cache="none")
    assert [call.rows for call in setting.passes] == [range(3), range(4), range(5)]
    assert [mask.holds for mask in layer_masks(setting, 0)] == [(), (), ()]


def test_pads_belong_to_the_prompt():
    left, right = Setting(5, 3, padding=2, decode=1), Setting(5, 3, padding=2, decode=1, side="right")
    names = ("<bos>", "a", "b", "c", "d")
    assert left.labels(names) == ("<pad>", "<pad>", "<bos>", "a", "b", "c", "d")
    assert right.labels(names) == ("<bos>", "a", "b", "c", "<pad>", "<pad>", "d")
    with pytest.raises(ValueError, match="4 names for 5 tokens"):
        left.labels(names[:4])


def test_cells_are_explained_in_words():
    (mask,) = layer_masks(Setting(10, 4, padding=2), 0)
    assert explain(mask, 9, 3) == "query 9 cannot see key 3: it is 6 tokens back, the window is 4"
    assert explain(mask, 9, 7) == "query 9 sees key 7: it is 2 tokens back, the window is 4"
    assert explain(mask, 9, 9) == "query 9 sees key 9: it is the query itself, the window is 4"
    assert explain(mask, 4, 5) == "query 4 cannot see key 5: it comes 1 token later"
    assert explain(mask, 3, 1) == "query 3 cannot see key 1: it is padding"
    assert "2 queries (padding) see nothing" in summary(mask)
    (prefix,) = layer_masks(Setting(10, 3, prefix=6), 0)
    assert explain(prefix, 1, 5) == "query 1 sees key 5: it is 4 tokens ahead, and both are in the prefix"
    assert explain(prefix, 5, 0) == "query 5 sees key 0: it is 5 tokens back, and both are in the prefix"
    assert explain(prefix, 6, 5) == "query 6 sees key 5: it is 1 token back, the window is 3"
    static = layer_masks(Setting(3, 4, cache="static", slots=6), 1)[0]
    assert explain(static, 2, 4) == "query 2 cannot see key 4: this slot of the static cache is not written yet"


def test_the_table_is_that_of_the_mask_view():
    mask = layer_masks(Setting(6, 3, decode=1, cache="static", slots=8), 1)[-1]
    frame = mask.table(tuple("abcdef"))
    assert frame["visible"].sum() == 6
    assert list(frame["key_token"]) == [*"abcdef", "(empty)", "(empty)"]
    assert figure(frame).hidden().tolist() == [[0] * 6 + [int(Reason.FUTURE)] * 2]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"tokens": 0}, "tokens=0 must be at least 1"),
        ({"window": 0}, "window=0 must be at least 1"),
        ({"padding": -1}, "padding=-1 must be at least 0"),
        ({"chunk": 0}, "chunk=0 must be at least 1"),
        ({"decode": 5}, "leaves no prompt; with 5 tokens at most 4"),
        ({"side": "top"}, "side='top' is not known; choose left, right"),
        ({"cache": "magic"}, "choose none, dynamic, static"),
        ({"slots": 4}, "slots=4 cannot hold 5 tokens and pads; give at least 5"),
        ({"layers": ("middle",)}, "each one of local"),
        ({"tokens": 5000}, "at most 1024"),
        ({"prefix": 4, "decode": 2}, "must lie within the prompt; .* at most 3"),
        ({"prefix": 2, "chunk": 2}, "a prefix is read at once"),
    ],
)
def test_impossible_settings_are_refused(wrong, told):
    with pytest.raises(ValueError, match=told):
        Setting(**{"tokens": 5, "window": 3} | wrong)


def test_a_layer_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"layer 4 does not exist; allowed: 0\.\.3"):
        layer_masks(Setting(5, 3, LAYERS), 4)


def test_a_model_that_sees_both_sides_has_masks_of_both_sides_and_no_cache() -> None:
    tagger = embedded()["tiny-ner"]
    config = Gemma2Config.from_pretrained(tagger, sliding_window=3)
    reference = TransformersTagger.from_pretrained(
        tagger, config=config, attn_implementation="eager", dtype=torch.float32
    )
    with torch.no_grad():
        maps = reference(torch.arange(2, 14)[None], output_attentions=True).attentions
    setting = Setting.of(Outline.of(config), 12)
    for layer, probs_1NTT in enumerate(maps):
        (mask,) = layer_masks(setting, layer)
        assert torch.equal(mask.reasons == Reason.VISIBLE, probs_1NTT[0, 0] > 0)
        assert mask.holds == ()
    assert explain(layer_masks(setting, 0)[0], 2, 6) == (
        "query 2 cannot see key 6: it is 4 tokens ahead, the window is 3 to each side"
    )
    with pytest.raises(ValueError, match="sees later tokens"):
        Setting.of(Outline.of(config), 12, decode=1)
