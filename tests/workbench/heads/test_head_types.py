"""Badges follow from scores and thresholds; a search finds heads by place, badge and kind of layer."""

from dataclasses import replace

import numpy as np
import pytest

from gemma2_workbench import HEAD_KINDS, Trace, find_heads, head_types, table


def test_badges_are_the_kinds_whose_threshold_is_reached(trace: Trace) -> None:
    types = head_types(trace)
    frame = table(trace, "ranked", by="previous_token")
    assert frame["name"].iloc[0] == "L4H5"
    for row in frame.itertuples():
        expected = [kind for kind in HEAD_KINDS if getattr(row, kind.score) >= kind.threshold]
        badges = types[row.layer][row.head]
        assert {badge.kind for badge in badges} == set(expected)
        assert [badge.score for badge in badges] == sorted((badge.score for badge in badges), reverse=True)
        assert row.badges == ", ".join(badge.kind.label for badge in badges)
    assert types[4][5][0].text.startswith("previous token 0.9")


def test_spread_is_the_entropy_over_that_of_even_attention(trace: Trace) -> None:
    frame = table(trace, "ranked").set_index(["layer", "head"])
    for layer, window in ((0, 32), (1, None)):
        entropy_T = trace.folds["entropy"][layer, 2].double().numpy()
        most_T = np.log(np.minimum(np.arange(len(entropy_T)) + 1, window or len(entropy_T)))
        assert frame.loc[(layer, 2), "spread"] == pytest.approx((entropy_T[1:] / most_T[1:]).mean())


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", 36),
        ("L5H3", [(5, 3)]),
        ("l5", [(5, head) for head in range(6)]),
        ("H2 global", [(1, 2), (3, 2), (5, 2)]),
        ("Previous token", [(4, 5)]),
        ("prev global", []),
        ("L12H3", []),
    ],
)
def test_a_search_names_places_badges_and_kinds_of_layers(trace: Trace, search: str, found: object) -> None:
    heads = find_heads(search, trace.layers, head_types(trace))
    assert (len(heads) if isinstance(found, int) else list(heads)) == found


def test_a_run_that_lacks_a_score_lacks_its_badge_and_says_so(trace: Trace) -> None:
    folds = {name: fold for name, fold in trace.folds.items() if name != "entropy"}
    older = replace(trace, readings={**trace.readings, "folds": folds})
    kinds = {badge.kind.name for heads in head_types(older) for badges in heads for badge in badges}
    assert "previous_token" in kinds
    assert "spread" not in kinds
    assert table(older, "ranked")["spread"].isna().all()
    with pytest.raises(ValueError, match="spread was not read in this run; it has induction"):
        table(older, "ranked", by="spread")


def test_what_no_head_is_called_or_is_gets_a_sentence(trace: Trace) -> None:
    with pytest.raises(ValueError, match="no head is called 'copying'; write a place such as L5H3, induction"):
        find_heads("copying", trace.layers, head_types(trace))
    with pytest.raises(ValueError, match="no head in the local layers has the badge induction in this text"):
        table(trace, "ranked", badge="induction", layers="local")
    assert set(table(trace, "ranked", badge="sink", layers="global")["kind"]) == {"global"}
