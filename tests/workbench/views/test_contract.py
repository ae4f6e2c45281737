"""The contract every view keeps."""

import numpy as np
import pandas as pd
import pytest
import torch

from gemma2_workbench import VIEWS, LoadedModel, Trace, View, capture, view_named
from gemma2_workbench.figures import paper, screen
from gemma2_workbench.figures.spec import TokenLinks, TokenMap
from gemma2_workbench.model import Reason
from gemma2_workbench.records.run import Run
from gemma2_workbench.records.view_recipe import ViewRecipe
from gemma2_workbench.traces.file import load_trace, save_trace
from gemma2_workbench.views import table

each_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


@each_view
def test_table_and_figure(view: View, trace: Trace) -> None:
    frame = view.table(trace)
    assert tuple(frame.columns) == view.columns
    assert len(frame)
    assert len(view.help) > 100
    spec = view.figure(frame)
    assert screen.render(spec).data
    assert paper.render(spec, "pdf").startswith(b"%PDF")


@pytest.fixture(scope="module")
def short(loaded: LoadedModel) -> Trace:
    return capture(loaded, "a", read=("attention", "folds", "lens", "contributions"))


@each_view
def test_a_text_of_one_character_works(view: View, short: Trace) -> None:
    assert screen.render(view.figure(view.table(short))).data


@pytest.fixture(scope="module")
def again(trace: Trace, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return load_trace(save_trace(trace, tmp_path_factory.mktemp("again") / "t.safetensors"))


@each_view
def test_the_table_is_the_same_after_a_round_trip(view: View, trace: Trace, again: Trace) -> None:
    pd.testing.assert_frame_equal(view.table(again), view.table(trace))


def test_no_visible_cell_is_empty(trace: Trace) -> None:
    frame = table(trace, "attention", layer=2, head=1)
    assert frame.loc[frame["reason"] == "visible", "value"].notna().all()
    assert frame.loc[frame["reason"] != "visible", "value"].isna().all()


def test_tables_write_reasons_as_words_and_figures_take_their_codes(trace: Trace) -> None:
    for layer in (0, 1):
        codes = trace.reasons(layer).numpy()
        frame = table(trace, "attention", layer=layer)
        words = [Reason(code).name.lower() for code in codes.ravel()]
        assert list(frame["reason"]) == words
        spec = view_named("attention").figure(frame)
        assert isinstance(spec, TokenMap)
        np.testing.assert_array_equal(spec.reasons, codes)
    assert set(table(trace, "text", query=3)["reason"]) == {"visible", "future"}
    assert set(table(trace, "cell", query=3, key=1)["reason"]) <= {"visible", "future", "outside_window"}


def test_the_attention_table_holds_the_numbers_of_the_trace(trace: Trace) -> None:
    frame = table(trace, "attention", layer=1, head=4, stage="attn_logits", rows="3:9", keys="0:5")
    expected = trace.stage(1, 4, "attn_logits", range(3, 9), range(5))
    np.testing.assert_array_equal(frame["value"].to_numpy().reshape(6, 5), expected.numpy())
    assert list(frame["query_token"].unique()) == list(dict.fromkeys(trace.tokens.display[3:9]))


def test_the_mask_table_is_the_rule_of_the_model(trace: Trace) -> None:
    for layer, info in enumerate(trace.layers):
        frame = table(trace, "mask", layer=layer)
        back = frame["query"] - frame["key"]
        allowed = (back >= 0) & (back < (info.window or len(trace.tokens)))
        assert (frame["visible"] == allowed).all()
        assert (frame.loc[back < 0, "reason"] == "future").all()
        assert (frame.loc[(back >= 0) & ~allowed, "reason"] == "outside_window").all()


def test_the_atlas_means_are_over_the_queries_that_count(trace: Trace) -> None:
    frame = table(trace, "atlas", metric="previous_token")
    fold = trace.folds["previous_token"]
    assert torch.isnan(fold[..., 0]).all()
    value = frame.set_index(["layer", "head"]).loc[(3, 2), "value"]
    assert value == pytest.approx(fold[3, 2, 1:].double().mean().item())
    assert set(frame["kind"]) == {"local", "global"}
    assert list(frame["kv_head"].unique()) == [0, 1]


def test_the_softcap_shares_are_shares_of_the_visible_cells(trace: Trace) -> None:
    frame = table(trace, "softcap").set_index(["metric", "layer", "head"])["value"]
    visible = trace.reasons(0) == 0
    logits = trace.stage(0, 1, "attn_logits")[visible].abs()
    assert frame["beyond_half", 0, 1] == pytest.approx((logits > 25).double().mean().item())
    assert frame["largest_logit", 0, 1] == pytest.approx(logits.max().item(), rel=1e-5)


def test_a_word_attends_with_the_mean_of_its_tokens_and_is_attended_to_with_their_sum(trace: Trace) -> None:
    probs = trace.stage(3, 4).nan_to_num().double()
    words = [[at for at, word in enumerate(trace.tokens.words) if word == number] for number in range(44)]
    assert any(len(word) > 1 for word in words)
    frame = table(trace, "heads", layer=3, heads="4", unit="words")
    found = frame.set_index(["query", "key"])["weight"]
    for query in words:
        for key in words:
            expected = sum(probs[q, k].item() for q in query for k in key) / len(query)
            weight = found[query[0], key[0]]
            assert np.isnan(weight) if key[0] > query[-1] else weight == pytest.approx(expected, abs=1e-6)
    assert found.groupby("query").sum().to_numpy() == pytest.approx(1, abs=1e-5)
    assert "▁Paris" in set(frame["query_text"])


def test_what_is_left_without_bos_is_the_rest_or_sums_to_one(trace: Trace) -> None:
    shown, hidden, rescaled = (
        table(trace, "heads", layer=2, heads="1,5", bos=bos, positions="0:9").set_index(["head", "query", "key"])
        for bos in ("shown", "hidden", "renormalised")
    )
    assert set(shown.index.get_level_values("head")) == {1, 5}
    assert hidden["weight"].xs(0, level="key").isna().all()
    rest = 1 - shown.loc[(5, 7, 0), "weight"]
    assert hidden.loc[(5, 7), "weight"].sum() == pytest.approx(rest, abs=1e-5)
    assert rescaled.loc[(5, 7), "weight"].sum() == pytest.approx(1, abs=1e-5)
    assert rescaled.loc[(5, 7, 3), "weight"] == pytest.approx(shown.loc[(5, 7, 3), "weight"] / rest, rel=1e-4)
    # Without the first token in sight nothing is left out.
    whole, part = (table(trace, "heads", bos=bos, positions="3:8")["weight"] for bos in ("shown", "hidden"))
    pd.testing.assert_series_equal(whole, part)


def test_the_figure_of_links_says_which_heads_and_takes_their_colours_along(trace: Trace) -> None:
    spec = view_named("heads").figure(table(trace, "heads", layer=2, heads="5,1", threshold=0.3))
    assert isinstance(spec, TokenLinks)
    assert (spec.heads, spec.looks, spec.threshold) == (("head 1", "head 5"), (1, 5), 0.3)
    assert spec.title == "Layer 2, heads 1, 5: probability between tokens"
    probs = trace.stage(2, 1).nan_to_num()
    assert (spec.links().heads == 0).sum() == (probs >= 0.3).sum()
    for wrong, message in (({"heads": "1,6"}, "heads from 0 to 5"), ({"threshold": "2"}, "a number from 0 to 1")):
        with pytest.raises(ValueError, match=message):
            table(trace, "heads", **wrong)


def test_wrong_names_and_values_say_what_is_allowed(trace: Trace) -> None:
    with pytest.raises(ValueError, match="the views are attention"):
        view_named("attn")
    with pytest.raises(ValueError, match="has no option 'unit'; it has: layer, head"):
        table(trace, "attention", unit=1)
    with pytest.raises(ValueError, match="head=6 does not exist; allowed: 0..5"):
        table(trace, "attention", head=6)
    with pytest.raises(ValueError, match="choose all, entropy"):
        table(trace, "atlas", metric="spread")
    for wrong in ("5", "5:3", "0:9999", "a:b"):
        with pytest.raises(ValueError, match="rows="):
            table(trace, "attention", rows=wrong)


def test_a_map_too_large_for_a_table_is_refused_with_the_way_out(loaded: LoadedModel) -> None:
    long = capture(loaded, "word " * 1200, parity=False)
    whole = f"0:{len(long.tokens)}"
    for rows, part in ((None, "0:1024"), (whole, "0:1024"), ("7:1190", "7:1031")):
        with pytest.raises(ValueError, match=f"too large for a table or a picture.* --rows {part} --keys 0:1024"):
            table(long, "attention", rows=rows, keys=None if rows is None else whole)
    assert len(table(long, "attention", rows="1100:1110")) == 10 * len(long.tokens)
    assert len(table(long, "text")) == len(long.tokens)
    # Maps are data: only the memory limits them.
    recipe = ViewRecipe.of(view_named("attention"), [Run(long)], {"layer": 1})
    assert recipe.maps().values.shape == (1, 1, len(long.tokens), len(long.tokens))
