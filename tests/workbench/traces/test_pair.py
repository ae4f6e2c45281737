"""Pairs of runs: aligned, cell by cell, with what one mask hides marked; the views of pairs against other ways."""

import numpy as np
import pytest

from gemma2_workbench import (
    PAIR_VIEWS,
    AblateHead,
    LoadedModel,
    Pair,
    SetSoftcap,
    SetWindow,
    Trace,
    capture,
    compare,
    export,
    load,
    predict,
    table,
)
from gemma2_workbench.traces.pair import HIDDEN_AFTER, HIDDEN_BEFORE, align
from gemma2_workbench.traces.readers import READERS
from gemma2_workbench.traces.readers.lens import Lens

TEXT = "Emma was glad to see him. Later Emma met him"
OTHER = "Emma was sorry to see him. Later Emma met him"


@pytest.fixture(scope="module")
def before(loaded: LoadedModel) -> Trace:
    return capture(loaded, TEXT, read=tuple(READERS), parity=False)


@pytest.fixture(scope="module")
def ablated(loaded: LoadedModel, before: Trace) -> Pair:
    changes = [AblateHead(1, 2), SetSoftcap(5.0)]
    return compare(before, capture(loaded, TEXT, interventions=changes, read=tuple(READERS), parity=False))


@pytest.fixture(scope="module")
def texts(loaded: LoadedModel, before: Trace) -> Pair:
    return compare(before, capture(loaded, OTHER, read=tuple(READERS), parity=False))


@pytest.mark.parametrize("view", PAIR_VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("which", ["ablated", "texts"])
def test_every_view_of_a_pair(view, which: str, request: pytest.FixtureRequest) -> None:
    pair = request.getfixturevalue(which)
    frame = table(pair, view.name)
    assert tuple(frame.columns) == view.columns
    assert len(frame) > 0
    assert len(view.help) > 100
    spec = view.figure(frame)
    for suffix in (".svg", ".html"):
        assert len(export.as_bytes(spec, suffix)) > 1000


def test_a_difference_is_after_minus_before(ablated: Pair) -> None:
    frame = table(ablated, "difference", layer=3, head=1, stage="attn_scores")
    own = (ablated.after.stage(3, 1, "attn_scores") - ablated.before.stage(3, 1, "attn_scores")).numpy()
    np.testing.assert_array_equal(frame["difference"].to_numpy().reshape(own.shape), own)
    assert set(table(ablated, "difference", layer=3)["state"]) == {"visible", "future"}


@pytest.mark.parametrize(("windows", "state"), [((3, 6), "hidden_before"), ((6, 3), "hidden_after")])
def test_a_cell_that_one_mask_hides_is_a_state_of_its_own(loaded: LoadedModel, windows, state: str) -> None:
    runs = [capture(loaded, TEXT, interventions=[SetWindow(window)], parity=False) for window in windows]
    frame = table(compare(*runs), "difference", layer=0, head=2)
    distance = frame["query"] - frame["key"]
    between = (distance >= 3) & (distance < 6)
    assert (frame.loc[between, "state"] == state).all()
    assert frame.loc[between, "difference"].isna().all()
    seen, hidden = ("after", "before") if state == "hidden_before" else ("before", "after")
    assert frame.loc[between, hidden].isna().all()
    assert frame.loc[between, seen].notna().all()
    assert set(frame.loc[distance >= 6, "state"]) == {"outside_window"}
    code = HIDDEN_BEFORE if state == "hidden_before" else HIDDEN_AFTER
    one, other, difference = PAIR_VIEWS[0].figure(frame).figures
    assert (difference.hidden() == code).sum() == between.sum()
    # The run that sees the cell draws it; the other says why it does not, in the words of the pair.
    drawn, not_drawn = (other, one) if state == "hidden_before" else (one, other)
    assert (drawn.hidden() == code).sum() == 0
    assert (not_drawn.hidden() == code).sum() == between.sum()


def test_tokens_of_two_texts_are_aligned(texts: Pair) -> None:
    before, after = texts.before.tokens, texts.after.tokens
    assert all(before.ids[here] == after.ids[there] for here, there in texts.positions)
    assert len(texts.positions) == len(before) - 1
    frame = table(texts, "difference", layer=2, head=3)
    row = frame[(frame["query_token"] == "▁met") & (frame["key_token"] == "<bos>")].iloc[0]
    assert (row["query"], row["query_after"]) == (13, 14)
    assert row["after"] == texts.after.stage(2, 3)[14, 0]
    assert "shared tokens" in PAIR_VIEWS[0].figure(frame).figures[0].x_label


def test_the_next_token_and_its_divergence(ablated: Pair, loaded: LoadedModel) -> None:
    ids = ablated.before.tokens.ids
    real, changed = (predict(loaded, ids, changes) for changes in ((), ablated.after.interventions))
    frame = table(ablated, "next_token").set_index("id")
    assert frame["divergence"].iloc[0] == pytest.approx(changed.divergence_from(real), rel=1e-5)
    assert ablated.divergence == frame["divergence"].iloc[0]
    best = int(changed.capped.argmax())
    assert frame.loc[best, "p_after"] == pytest.approx(float(changed.log_probs[best].exp()), rel=1e-5)
    assert frame["p_before"].is_monotonic_decreasing


def test_head_scores_are_the_difference_of_two_atlases(ablated: Pair) -> None:
    frame = table(ablated, "head_scores", metric="entropy")
    one, other = (table(trace, "atlas", metric="entropy")["value"] for trace in (ablated.before, ablated.after))
    np.testing.assert_allclose(frame["difference"], other - one)


def test_the_last_row_of_the_lens_is_the_prediction(ablated: Pair) -> None:
    frame = table(ablated, "lens_change")
    last = frame[(frame["row"] == frame["row"].max()) & (frame["position"] == 5)].iloc[0]
    ids = ablated.before.tokens.ids
    assert last["chosen_token"] == ablated.before.tokens.display[6]
    lens = ablated.after.reading("lens", Lens)
    assert last["after"] == pytest.approx(float(lens.chosen_capped[-1, 5] - lens.log_sum[-1, 5]))
    assert ids[6] == int(lens.chosen_ids[5])


def test_what_cannot_be_compared(loaded: LoadedModel, twin_folder, before: Trace) -> None:
    other = capture(load(twin_folder()), TEXT, parity=False)
    with pytest.raises(ValueError, match="6 layers of 6 heads and .* 4 of 4; only models of one shape"):
        compare(before, other)
    pair = compare(before, capture(loaded, TEXT, read=("attention",), parity=False))
    with pytest.raises(ValueError, match="needs folds"):
        table(pair, "head_scores")
    with pytest.raises(ValueError, match="no view of a pair 'atlas'; the views of a pair are difference"):
        table(pair, "atlas")


def test_alignment_is_in_order_and_one_to_one() -> None:
    found = align((1, 2, 3, 4, 5), (1, 3, 9, 4, 2, 5))
    assert found == tuple(sorted(found))
    assert len({here for here, _ in found}) == len({there for _, there in found}) == len(found)
    assert align((1, 2), (3, 4)) == ()
