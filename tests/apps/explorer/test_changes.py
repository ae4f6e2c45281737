"""Claims about causes, by intervening: what the copying heads carry, who feeds them; nothing else is touched."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
import torch

from gemma2_workbench import SetSoftcap, capture
from gemma2_workbench.apps.explorer.change import Change, Changeable, change, changeable
from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.session import ModelAbsentError, Session

TEXT = "red blue green seven nine red blue green seven nine red blue green seven nine red blue"
Asked: TypeAlias = Callable[..., Any]
COPYING = ["L5H2", "L5H3", "L5H4"]


@pytest.fixture(scope="module")
def run(session: Session) -> str:
    return session.run("tiny", TEXT)[0]


@pytest.fixture
def changed(session: Session, tell: Tell) -> Asked:
    """`changed(run, off=[...], cap="5")` -> the pair."""

    def ask(run: str, **changes: Any) -> Any:
        return change(session, Change(run=run, **changes), tell)

    return ask


def test_without_the_copying_heads_green_is_gone(session: Session, run: str, changed: Asked) -> None:
    before = session.store.find(run)
    assert before is not None
    map_before = before.stage(5, 3)
    pair = changed(run, off=COPYING)
    green = pair["forecast"][0]
    assert green["text"] == "green"
    assert green["was"] > 0.8
    assert green["probability"] < 0.01
    assert pair["kl"] > 5
    assert pair["logits"]["changed"] == pair["logits"]["of"] == 4096
    assert pair["effects"][0]["changed"] > 4096
    # They are in the last layer: no attention changes, and what is switched off writes nothing.
    assert {value for row in pair["largest"] for value in row} == {0}
    after = session.store.find(pair["id"])
    assert after is not None
    assert after.stage(5, 3, "contribution").nan_to_num().abs().max() == 0
    # The run itself was not touched: restoring shows the very same numbers.
    for again in (before, capture(session.model("tiny"), TEXT, parity=False)):
        torch.testing.assert_close(again.stage(5, 3), map_before, rtol=0, atol=0, equal_nan=True)


def test_the_previous_token_head_feeds_the_copying_heads(session: Session, run: str, changed: Asked) -> None:
    pair = changed(run, off=["L4H5"])
    assert pair["forecast"][0]["probability"] < 0.01
    assert {value for row in pair["largest"][:5] for value in row} == {0}
    assert pair["largest"][5][3] > 0.9
    after = session.store.find(pair["id"])
    assert after is not None
    assert after.folds["induction"][5, 3].nanmean() < 0.2


def test_settings_are_changed_together_and_run_once(session: Session, run: str, changed: Asked, tell: Tell) -> None:
    pair = changed(run, cap="2", window="4", causal="off", final="off", off=["L1H1"])
    assert len(pair["changes"]) == len(pair["effects"]) == 5
    assert changed(run, cap="2", window="4", causal="off", final="off", off=["L1H1"])["id"] == pair["id"]
    own = changeable(session, Changeable(run=run), tell)
    assert isinstance(own, dict)
    assert (own["cap"], own["window"], own["causal"], own["final"]) == (50, 32, True, 30)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cap": "0"}, "the attention cap 0 is not allowed"),
        ({"window": "x"}, "the window x is not allowed"),
        ({"off": ["L9H0"]}, "layer 9 does not exist; allowed: 0..5"),
        ({"off": ["nine"]}, "'nine' is no head"),
        ({}, "nothing is changed"),
    ],
)
def test_an_impossible_change_says_one_sentence(
    run: str, changed: Asked, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        changed(run, **changes)


def test_modified_runs_and_traces_without_their_model_are_refused(session: Session, run: str, changed: Asked) -> None:
    modified = capture(session.model("tiny"), TEXT, interventions=[SetSoftcap(5.0)], parity=False)
    with pytest.raises(ValueError, match="modified model already .attention softcap 5."):
        changed(session.store.add(modified), off=["L0H0"])
    trace = session.store.find(run)
    assert trace is not None
    lost = replace(trace, model=replace(trace.model, weights_sha256="gone"))
    with pytest.raises(ModelAbsentError):
        changed(session.store.add(lost), off=["L0H0"])


def test_a_model_that_predicts_no_tokens_says_what_changed_in_its_outputs(session: Session, changed: Asked) -> None:
    pair = changed(session.run("tiny-ner", "Emma met Anna in Paris.")[0], off=["L0H0"])
    assert (pair["forecast"], pair["kl"], pair["logits"]) == (None, None, None)
    assert pair["effects"][0]["changed"] > 0
