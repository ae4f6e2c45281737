"""A beside B: maps at aligned positions, cells that one side hides, next tokens and scores."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gemma2_workbench import SetWindow, Trace, capture, compare
from gemma2_workbench.apps.explorer.compare import Compare, compared
from gemma2_workbench.apps.explorer.routes import attention_routes
from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.traces.pair import HIDDEN_AFTER

Asked: TypeAlias = Callable[..., Any]
TEXT = "red blue green seven nine red blue green seven nine red blue"
OTHER = "red blue yellow seven nine red blue green seven nine red blue"


@pytest.fixture(scope="module")
def run(session: Session) -> str:
    return session.run("tiny", TEXT)[0]


@pytest.fixture
def asked(session: Session, tell: Tell) -> Asked:
    """`asked(run=run, text=...)` -> the answer."""

    def ask(**fields: Any) -> Any:
        return compared(session, Compare(**fields), tell)

    return ask


def read(session: Session, run: str, other: str, side: str) -> tuple[np.ndarray, np.ndarray]:
    client = TestClient(Starlette(routes=attention_routes(session.store)))
    answer = client.get(f"/attention/{run}/attn_probs/4/3?aligned={other}&show={side}")
    assert answer.status_code == 200, answer.text
    rows, keys = map(int, answer.headers["X-Shape"].split(","))
    values = np.frombuffer(answer.content, "<f4", rows * keys).reshape(rows, keys)
    return values, np.frombuffer(answer.content, np.uint8, offset=4 * rows * keys).reshape(rows, keys)


def held(session: Session, run: str) -> Trace:
    trace = session.store.find(run)
    assert trace is not None
    return trace


def test_another_text_is_laid_beside_token_by_token(session: Session, run: str, asked: Asked) -> None:
    answer = asked(run=run, text=OTHER)
    other = answer["run"]["id"]
    pair = compare(held(session, run), held(session, other))
    assert answer["positions"] == [list(both) for both in pair.positions]
    before, after, states = pair.cells(4, 3, "attn_probs", *[range(len(pair.positions))] * 2)
    np.testing.assert_array_equal(read(session, run, other, "before")[0], before)
    np.testing.assert_array_equal(read(session, run, other, "after")[0], after)
    np.testing.assert_array_equal(read(session, run, other, "difference")[1], states)
    assert {"green", "yellow"} & {token["text"] for token in answer["forecast"]}
    changes = [abs(score["after"] - score["before"]) for score in answer["scores"]]
    assert changes == sorted(changes, reverse=True)
    assert asked(run=run, text=OTHER)["run"]["id"] == other


def test_a_cell_that_one_side_hides_has_a_state_of_its_own(session: Session, run: str, asked: Asked) -> None:
    narrow = session.store.add(capture(session.model("tiny"), TEXT, interventions=[SetWindow(3)], parity=False))
    answer = asked(run=run, other=narrow)
    assert answer["kl"] > 0
    values, states = read(session, run, narrow, "difference")
    assert states[9, 2] == HIDDEN_AFTER
    assert np.isnan(values[9, 2])
    values, states = read(session, run, narrow, "before")
    assert states[9, 2] == 0
    assert values[9, 2] > 0


def test_nothing_to_compare_with_is_said(run: str, asked: Asked) -> None:
    with pytest.raises(ValueError, match="give another text"):
        asked(run=run)
    with pytest.raises(ValueError, match="no longer held"):
        asked(run=run, other="gone")
