"""Patching on the page: the baselines are those of the two texts, and the whole clean state brings all of it back."""

from typing import Any

import pytest

from gemma2_workbench import predict
from gemma2_workbench.apps.explorer.patching import Patching, patched
from gemma2_workbench.apps.explorer.savables import SAVABLES
from gemma2_workbench.apps.page.save.savable import Savables
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.models.tokens import tokenize
from gemma2_workbench.patching.patch import patch_grid

CLEAN = "red blue green seven nine red blue green seven nine red blue"
CORRUPTED = "red blue green seven nine red blue green seven nine red nine"


@pytest.fixture(scope="module")
def run(session: Session) -> str:
    return session.run("tiny", CLEAN)[0]


def asked(session: Session, run: str, told: list[tuple[int, int, str]] | None = None, **fields: Any) -> Any:
    def tell(done: int, of: int, what: str = "layers") -> None:
        (told or []).append((done, of, what))

    return patched(session, Patching(run=run, text=CORRUPTED, **fields), tell)


def test_the_residual_stream_by_position(session: Session, run: str) -> None:
    grid = asked(session, run, what="resid_pre", by="position")
    loaded = session.model("tiny")
    ids = [tokenize(loaded.tokenizer, text).ids for text in (CLEAN, CORRUPTED)]
    logits = [predict(loaded, each).capped for each in ids]
    first, second = (int(each.argmax()) for each in logits)
    assert grid["clean"] == pytest.approx(float(logits[0][first] - logits[0][second]), abs=1e-5)
    assert grid["corrupted"] == pytest.approx(float(logits[1][first] - logits[1][second]), abs=1e-5)
    # Before layer 0 the texts differ in the two tokens of their last word only.
    assert len(grid["shares"]) == 6
    assert all(abs(share) < 1e-4 for share in grid["shares"][0][:-2])
    assert grid["shares"][5][-1] == pytest.approx(1, abs=0.05)
    assert grid["there"] == {str(at): at for at in range(len(ids[1]))}


def test_a_token_is_named_as_the_word_it_is(session: Session, run: str) -> None:
    grid = asked(session, run, what="head_out", by="head", token="green", against="color")
    assert [name["title"] for name in grid["names"]] == ["▁green", "▁color"]


def test_heads_and_progress(session: Session, run: str) -> None:
    told: list[tuple[int, int, str]] = [(0, 0, "")]
    grid = asked(session, run, told, what="head_out", by="head")
    assert [len(row) for row in grid["shares"]] == [6] * 6
    assert told[-1] == (36, 36, "patched runs")
    copying = max(grid["shares"][5][head] for head in (2, 3, 4))
    assert copying == max(share for row in grid["shares"] for share in row)


def test_a_token_that_the_vocabulary_lacks_is_said(session: Session, run: str) -> None:
    with pytest.raises(ValueError, match="is not one token of tiny"):
        asked(session, run, what="resid_pre", by="position", token="no such token")


def test_chosen_positions_are_patched_together(session: Session, run: str) -> None:
    everywhere = asked(session, run, what="head_out", by="head")
    last = len(everywhere["tokens"]) - 1
    here = asked(session, run, what="head_out", by="head", positions=[last])
    wanted = patch_grid(session.model("tiny"), CLEAN, CORRUPTED, "head_out", "head", positions=[last])
    assert here["shares"] == wanted.shares.tolist()
    assert here["shares"] != everywhere["shares"]
    with pytest.raises(ValueError, match="position"):
        asked(session, run, what="head_out", by="head", positions=[99])


def test_the_grid_on_screen_is_saved(session: Session, run: str) -> None:
    shown: Any = {"kind": "patch", "run": run, "text": CORRUPTED, "what": "head_out", "by": "head"}
    grid = asked(session, run, what="head_out", by="head")
    recipe = Savables(SAVABLES).recipe(session, shown)
    (table,) = recipe.tables()
    assert table["share"].tolist() == pytest.approx([share for row in grid["shares"] for share in row])
    assert recipe.figure([table]) is not None
