"""Lens and contributions as the page asks for them: the library's numbers, as far as somebody looks, priced first."""

import copy
from threading import Event
from typing import Any

import pytest
import torch

from gemma2_workbench import LoadedModel, Trace, capture, contributions, lens
from gemma2_workbench.apps.explorer.change import Change, change
from gemma2_workbench.apps.explorer.lenses import Lenses
from gemma2_workbench.apps.explorer.prediction import AskedContributions, AskedLens, answer_contributions, answer_lens
from gemma2_workbench.apps.explorer.savables import SAVABLES
from gemma2_workbench.apps.page.departure import DepartedError, while_wanted
from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.save.savable import Savables
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.model import Gemma2ForCausalLM

TEXT = "red blue green seven nine red blue"
VOCABULARY = 256_000


@pytest.fixture(scope="module")
def run(session: Session) -> str:
    return session.run("tiny", TEXT)[0]


@pytest.fixture(scope="module")
def trace(session: Session, run: str) -> Trace:
    found = session.store.find(run)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def wide(session: Session) -> str:
    """A run of a model with the vocabulary of Gemma 2, and little else."""
    tiny = session.model("tiny")
    config = copy.deepcopy(tiny.config)
    config.update({"vocab_size": VOCABULARY, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2})
    config.layer_types = config.layer_types[:2]
    torch.manual_seed(0)
    loaded = LoadedModel("wide", "made here", None, None, Gemma2ForCausalLM(config).eval(), tiny.tokenizer)
    session.kept.add(("model", "wide"), loaded)
    return session.store.add(capture(loaded, TEXT, parity=False))


def ask(session: Session, run: str, tell: Tell, first: int, stop: int, **more: Any) -> Any:
    return answer_lens(session, AskedLens(run=run, first=first, stop=stop, **more), tell)


def test_the_cells_are_the_librarys(session: Session, run: str, trace: Trace, tell: Tell) -> None:
    count = len(trace.tokens)
    one = ask(session, run, tell, 3, 4)
    answer = ask(session, run, tell, 0, count)
    expected = lens(session.model("tiny"), trace.tokens.ids)
    assert answer["rank"] == expected.chosen_ranks.tolist()
    pieces = [[[answer["names"][at]["token"] for at in cell] for cell in row] for row in answer["top"]]
    assert pieces == [[[expected.names[id] for id in cell[:5]] for cell in row] for row in expected.top_ids.tolist()]
    for name, values in {
        "probabilities": expected.top_probs[..., :5],
        "entropy": expected.entropy,
        "log": expected.chosen_capped - expected.log_sum,
    }.items():
        torch.testing.assert_close(torch.tensor(answer[name]), values, rtol=1e-4, atol=1e-4)
    assert [row[0] for row in one["log"]] == [row[3] for row in answer["log"]]


def test_contributions_are_of_one_token_or_of_two(session: Session, run: str, trace: Trace, tell: Tell) -> None:
    at = len(trace.tokens) - 1
    loaded = session.model("tiny")

    def asked(**more: Any) -> Any:
        return answer_contributions(session, AskedContributions(run=run, position=at, **more), tell)

    one, two = asked(token="green"), asked(token="green", against="red")
    green, red = (
        contributions(loaded, trace.tokens.ids, loaded.tokenizer.convert_tokens_to_ids(piece))
        for piece in ("▁green", "▁red")
    )
    assert one["token"]["token"] == "▁green"
    torch.testing.assert_close(torch.tensor(one["heads"]), green.heads[..., at])
    torch.testing.assert_close(torch.tensor(two["heads"]), green.heads[..., at] - red.heads[..., at])
    parts = [two["embedding"], *two["mlps"], *(value for row in two["heads"] for value in row), two["remainder"]]
    assert sum(parts) == pytest.approx(two["logits"], abs=1e-6)


def test_the_lens_of_a_change_follows_the_same_tokens(session: Session, run: str, trace: Trace, tell: Tell) -> None:
    changed = change(session, Change(run=run, off=["L5H2", "L5H3", "L5H4"]), tell)
    last = len(trace.tokens) - 1
    before = ask(session, run, tell, last, last + 1)
    after = ask(session, changed["id"], tell, last, last + 1, base=run)
    names = [answer["names"][answer["chosen"][0]]["token"] for answer in (before, after)]
    assert names[0] == names[1]
    moved = [abs(now[0] - was[0]) for now, was in zip(after["log"], before["log"], strict=True)]
    assert max(moved[:-1]) < 1e-4
    assert moved[-1] > 0.1


def test_a_large_vocabulary_is_asked_about_first(session: Session, wide: str, tell: Tell) -> None:
    refused = ask(session, wide, tell, 0, 8, within=0.0)
    assert refused["estimate"] == pytest.approx(8 * refused["each"])
    assert refused["each"] > 0
    assert "top" not in refused
    assert "top" in ask(session, wide, tell, 7, 8, within=None)


def test_whoever_leaves_keeps_what_was_read(session: Session, wide: str, tell: Tell) -> None:
    lenses, gone = Lenses(session), Event()

    def leaving(done: int, _of: int, _what: str = "layers") -> None:
        if done:
            gone.set()

    ask(session, wide, tell, 0, 1, token="red")
    columns = lenses.columns(wide, lenses.chosen(wide, "red"), range(1), tell)
    last = columns.positions[-1]
    # Ten positions of three rows are as many logits as are computed at once.
    assert last > 10
    with pytest.raises(DepartedError):
        while_wanted(lambda: ask(session, wide, leaving, 1, last + 1, token="red"), gone)
    assert columns.missing(columns.positions) == [*range(11, last + 1)]


def test_a_saved_trace_needs_its_lens_or_its_model(session: Session, trace: Trace, tell: Tell) -> None:
    count = len(trace.tokens)
    with Session() as empty:
        bare = empty.store.add(trace)
        with pytest.raises(ValueError, match=r"needs the model.*Or save the trace with its lens"):
            ask(empty, bare, tell, 0, count)
        kept = capture(session.model("tiny"), TEXT, read=("attention", "folds", "lens", "contributions"), parity=False)
        answer = ask(empty, empty.store.add(kept), tell, 0, count, within=0.0)
        assert len(answer["chosen"]) == count


def test_a_saved_figure_names_the_followed_token(session: Session, run: str) -> None:
    shown = {"kind": "view", "view": "lens", "runs": [run], "options": {"positions": "2:5"}, "token": "▁green"}
    recipe = Savables(SAVABLES).recipe(session, shown)
    assert recipe.as_record()["lens"] == {"token": "▁green"}
