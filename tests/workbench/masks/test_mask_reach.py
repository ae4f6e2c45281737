"""How far information reaches: composed masks against what really changes when a token changes."""

import pytest
import torch

from gemma2_workbench.figures import screen
from gemma2_workbench.masks.layers import layer_masks
from gemma2_workbench.masks.reach import NEVER, reach, reach_curve
from gemma2_workbench.masks.setting import Setting

LAYERS = ("local", "global", "local", "global")
LOCAL = ("local",) * 4
TYPES = {"local": "sliding_attention", "global": "full_attention"}


@pytest.mark.parametrize("layers", [LAYERS, LOCAL, ("local", "local", "global", "local")])
@pytest.mark.parametrize("padding", [0, 2])
@torch.no_grad()
def test_a_token_changes_exactly_the_queries_it_reaches(twins, token_ids, layers, padding):
    setting = Setting(11, 3, layers, padding=padding)
    ours, _ = twins("Model", sliding_window=3, layer_types=[TYPES[kind] for kind in layers], initializer_range=0.3)
    ids, keep = token_ids(1, setting.length), setting.keep(setting.length)

    def states(embeds):
        out = ours(inputs_embeds=embeds, attention_mask=keep, output_hidden_states=True, use_cache=False)
        return torch.cat(out.hidden_states)  # the last one is normed, which mixes no positions

    embeds = ours.embed_tokens(ids)
    plain = states(embeds)
    known = reach(setting).first
    sighted = layer_masks(setting, 0)[0].visible > 0
    for key in range(setting.length):
        changed = embeds.clone()
        changed[0, key] += 1.0
        moved_LT = (states(changed) - plain).abs().amax(-1) > 0
        for passed in range(len(layers) + 1):
            reached_T = (known[:, key] != NEVER) & (known[:, key] <= passed)
            assert torch.equal(moved_LT[passed][sighted], reached_T[sighted]), (key, passed)


@pytest.mark.parametrize("fed", [{"decode": 5}, {"chunk": 4}, {"decode": 3, "cache": "static", "slots": 20}])
def test_passes_through_a_cache_reach_no_less_and_no_more(fed):
    for padding in (0, 3):
        once, parts = Setting(12, 4, LAYERS, padding=padding), Setting(12, 4, LAYERS, padding=padding, **fed)
        assert torch.equal(reach(once).first, reach(parts).first)


def test_local_layers_widen_by_a_window_each_and_a_global_layer_by_everything():
    known = reach(Setting(20, 4, LOCAL))
    assert known.counts(19) == (1, 4, 7, 10, 13)
    assert known.keys(19, 2) == tuple(range(13, 20))
    assert known.counts(2) == (1, 3, 3, 3, 3)
    assert reach(Setting(20, 4, LAYERS)).counts(19) == (1, 4, 20, 20, 20)
    assert int(known.first[0, 1]) == NEVER


def test_the_curve_shows_the_counts_and_the_local_layers_alone():
    curve = reach_curve(reach(Setting(20, 4, LAYERS)), 19)
    assert {line.name: line.y.tolist() for line in curve.series} == {
        "this model": [1, 4, 20, 20, 20],
        "if all layers were local": [1, 4, 7, 10, 13],
    }
    assert len(reach_curve(reach(Setting(9, 4, LOCAL)), 8).series) == 1
    assert len(screen.render(curve).data) == 2
