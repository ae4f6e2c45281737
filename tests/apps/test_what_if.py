"""Runs of changed models that the explorer makes and keeps, and what it says and draws of them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gemma2_workbench import AblateHead, Prediction, SetFinalSoftcap, SetSoftcap, SetWindow, capture, predict
from gemma2_workbench.apps.explorer.tabs import comparison, final_curve
from gemma2_workbench.apps.explorer.tabs.window import result_words
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.session import ModelAbsentError, Session
from gemma2_workbench.figures import screen
from gemma2_workbench.traces.interventions import Intervention

TEXT = "Emma met Anna in Paris, and Emma was glad to see her there."


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


@pytest.fixture
def results(session: Session) -> WhatIfs:
    return WhatIfs(session)


@pytest.mark.parametrize("change", [SetSoftcap(3.0), SetWindow(2), AblateHead(1, 2)], ids=str)
def test_any_change_is_run_once_and_told(session: Session, results: WhatIfs, change: Intervention) -> None:
    run, trace = session.run("tiny", TEXT)
    pair = results.pair(run, trace, [change])
    assert results.pair(run, trace, [change]).after is pair.after
    loaded, ids = session.model("tiny"), trace.tokens.ids
    expected = predict(loaded, ids, [change]).divergence_from(predict(loaded, ids))
    assert pair.divergence == pytest.approx(expected, rel=1e-4)
    assert comparison.badge(pair)["hint"].startswith(f"{change.sentence} changes ")
    assert len(comparison.pictures(pair, 1, 2, dark=False)) == 3
    assert len(comparison.token_rows(pair, "real", "changed")["rows"]) >= 10


def test_maps_beside_one_another_are_of_one_height_with_one_legend(session: Session, results: WhatIfs) -> None:
    run, trace = session.run("tiny", TEXT)
    shown = comparison.pictures(results.pair(run, trace, [SetWindow(2)]), 0, 0, dark=False)
    figures = [json.loads(picture.plot) for picture in shown]
    legends = [{part["name"] for part in figure["data"] if part["showlegend"]} for figure in figures]
    assert legends == [{"hidden: future", "hidden: after the change"}] * 3
    assert len({figure["layout"]["height"] for figure in figures}) == 1


def test_a_window_says_whether_it_could_change_anything(session: Session, results: WhatIfs) -> None:
    own = session.model("tiny").config.sliding_window
    run, trace = session.run("tiny", TEXT)
    assert "fit into both windows" in result_words(results.pair(run, trace, [SetWindow(own - 1)]))
    run, trace = session.run("tiny", TEXT * 4)
    assert len(trace.tokens) > own
    assert "It changes nothing in this text." in result_words(results.pair(run, trace, [SetWindow(own)]))


def test_without_changes_a_run_is_compared_with_itself(session: Session, results: WhatIfs) -> None:
    run, trace = session.run("tiny", TEXT)
    pair = results.pair(run, trace, [], read=("prediction",))
    assert pair.before is pair.after
    assert pair.divergence == 0


def test_a_model_that_predicts_no_tokens_still_has_maps(session: Session, results: WhatIfs) -> None:
    run, trace = session.run("tiny-ner", TEXT)
    pair = results.pair(run, trace, [SetWindow(2)])
    assert pair.divergence is None
    assert (comparison.shift_facts(pair), comparison.token_rows(pair, "", "")) == ([], {})
    with pytest.raises(ValueError, match="no language-model head"):
        results.pair(run, trace, [SetFinalSoftcap(5.0)], read=("prediction",))


def test_what_cannot_be_run_again_is_refused(session: Session, results: WhatIfs) -> None:
    modified = capture(session.model("tiny"), TEXT, interventions=[SetSoftcap(5.0)], parity=False)
    with pytest.raises(ValueError, match="modified model already .attention softcap 5."):
        results.pair("modified", modified, [SetWindow(3)])
    gone = replace(modified, model=replace(modified.model, weights_sha256="gone"), interventions=())
    with pytest.raises(ModelAbsentError):
        results.pair("gone", gone, [SetWindow(3)])


@pytest.mark.parametrize("cap", [10.0, None])
def test_final_logits_lie_on_the_curve_of_their_cap(session: Session, cap: float | None) -> None:
    loaded = session.model("tiny")
    prediction: Prediction = predict(loaded, (2, 10, 11), [SetFinalSoftcap(cap)])
    dots = final_curve.curve_figure(prediction, cap, loaded, dots=50)
    assert dots.title == f"50 of {len(prediction.logits):,} tokens of the vocabulary"
    assert dots.x[0] == prediction.logits.max()
    np.testing.assert_allclose(dots.y, dots.x if cap is None else cap * np.tanh(dots.x / cap), rtol=1e-5)
    best = int(prediction.logits.argmax())
    assert dots.labels[0].endswith(f" ({best})")
    density = final_curve.density_figure(prediction)
    assert [line.y.sum() for line in density.series] == pytest.approx([100, 100])
    for spec in (dots, density):
        assert screen.render(spec).data
