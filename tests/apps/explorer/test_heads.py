"""What heads are said to do: which head a run opens with, and sentences that follow from the run's numbers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gemma2_workbench import AblateHeads, LoadedModel, Trace, capture, predict
from gemma2_workbench.apps.explorer.claim import Claim, Feeder, claim, feeder
from gemma2_workbench.apps.explorer.doings import told
from gemma2_workbench.apps.explorer.scores import RandomRepeats, opening, random_repeats, scores_json
from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.views.atlas import mean_over_queries

COLOURS = "red blue green seven nine red blue green seven nine red blue green seven nine red blue"
PLAIN = "The President of the United States met him."
COPYING = ((5, 2), (5, 3), (5, 4))


@pytest.fixture(scope="module")
def colours(loaded: LoadedModel) -> Trace:
    return capture(loaded, COLOURS, parity=False)


def said(pieces: Any) -> str:
    """A sentence as text, its strong pieces between asterisks."""
    return "".join(f"*{text}*" if strong else text for text, strong in pieces)


def test_a_run_opens_at_its_strongest_copying_head(colours: Trace) -> None:
    found, scores = opening(colours), mean_over_queries(colours.folds["induction"].numpy())
    assert (found.layer, found.head) == np.unravel_index(scores.argmax(), scores.shape)
    assert (found.kind, found.query, found.group) == ("induction", len(colours.tokens) - 1, COPYING)


def test_without_repeats_it_opens_at_what_there_is(loaded: LoadedModel) -> None:
    plain = capture(loaded, PLAIN, parity=False)
    found, told_of = opening(plain), scores_json(plain)
    assert (found.layer, found.head, found.kind) == (4, 5, "previous_token")
    numbers: Any = told_of["scores"]
    assert {value for row in numbers["induction"] for value in row} == {None}
    assert 0.9 < numbers["previous_token"][4][5] < 1


def test_a_trace_without_folds_says_nothing_of_its_heads(make_trace: Callable[..., Trace]) -> None:
    assert scores_json(make_trace(["a", "b"]))["opening"] is None


@pytest.mark.parametrize(
    ("place", "query", "sentence"),
    [
        (
            (5, 3),
            27,
            "Three times *blue* was followed by *green*. This head looks there all three times, with *0.85* of its "
            "attention.",
        ),
        ((5, 3), 3, "*blue* comes for the first time here: nothing to copy yet."),
        ((4, 5), 27, "This head looks one token back: *0.98* of its attention, at every position."),
        ((1, 5), 27, "*0.95* of this head's attention rests on the first position."),
        ((0, 3), 27, "This head spreads its attention over about *10* tokens."),
        ((3, 2), 27, "From *blue* this head looks most at *<bos>*, with *0.70* of its attention."),
    ],
    ids=["copies", "nothing to copy", "looks back", "rests", "spreads", "none"],
)
def test_the_sentence_follows_from_the_numbers(
    colours: Trace, place: tuple[int, int], query: int, sentence: str
) -> None:
    assert said(told(colours, *place, query).first) == sentence


def test_every_head_of_every_row_is_told(colours: Trace, loaded: LoadedModel) -> None:
    for run in (colours, capture(loaded, "x", parity=False)):
        for layer in range(6):
            for head in range(6):
                for query in (0, len(run.tokens) // 2, len(run.tokens) - 1):
                    whole = said([*told(run, layer, head, query).first, *told(run, layer, head, query).more])
                    assert whole.endswith(".")
                    assert "nan" not in whole


def test_what_a_change_did_is_told_of_each_head(session: Session, loaded: LoadedModel, tell: Tell) -> None:
    run, trace = session.run("tiny", COLOURS)
    session.kept.get(("prediction", run), lambda: predict(loaded, trace.tokens.ids))

    def after(off: tuple[tuple[int, int], ...], layer: int, head: int) -> Any:
        changed = capture(
            loaded, COLOURS, interventions=[AblateHeads(off)], read=("attention", "folds", "prediction"), parity=False
        )
        asked = Claim(run=run, layer=layer, head=head, query=27, changed=session.store.add(changed))
        return claim(session, asked, tell)

    off = after(COPYING, 5, 3)
    assert off["big"]["token"] == "green"
    assert off["big"]["was"] == pytest.approx(0.903, abs=1e-3)
    assert off["big"]["is"] < 0.001
    assert said(off["first"]) == "Without the three copying heads the model no longer expects *green*."
    assert said(off["more"]) == "Its attention is as before: layer 5 looks first and writes after."
    assert said(after(COPYING, 4, 5)["first"]) == "Nothing changed in this head."
    fed = after(((4, 5),), 5, 3)
    assert said(fed["first"]).startswith(
        "This head lost its place: what followed before got 0.89 of its attention, now *0.0"
    )
    assert after(((4, 5),), 4, 5)["actions"] == [{"label": "See what it did to L5H3", "head": "L5H3"}]


def test_who_feeds_the_copying_heads_is_measured(session: Session, tell: Tell) -> None:
    found: Any = feeder(session, Feeder(run=session.run("tiny", COLOURS)[0]), tell)
    assert found["head"] == "L4H5"
    assert found["sentence"].endswith("put 0.03 instead of 0.83 of their attention on what followed.")
    assert feeder(session, Feeder(run=session.run("tiny", PLAIN)[0]), tell) is None


def test_random_sequences_score_the_heads_of_a_text_without_repeats(session: Session, tell: Tell) -> None:
    run, trace = session.run("tiny", PLAIN)
    found: Any = random_repeats(session, RandomRepeats(run=run), tell)
    assert found["types"][5][3] == "induction"
    assert (found["sequences"], found["said"]) == (64, "64 sequences of 25 random tokens, each twice")
    assert opening(trace).kind == "previous_token"


def test_a_model_without_words_to_predict_is_told_too(session: Session, tell: Tell) -> None:
    run, trace = session.run("tiny-ner", "Anna lives in Rome.")
    asked = Claim(run=run, layer=0, head=0, query=len(trace.tokens) - 1)
    answer: Any = claim(session, asked, tell)
    assert answer["big"] is None
    assert said(answer["first"]).endswith(".")


def test_a_place_that_is_not_there_is_refused(session: Session, tell: Tell) -> None:
    run, _ = session.run("tiny", PLAIN)
    with pytest.raises(ValueError, match="there is no head 6: this run has 0 to 5"):
        claim(session, Claim(run=run, layer=0, head=6, query=0), tell)


def test_many_layers_open(session: Session, twin_folder: Callable[..., Path]) -> None:
    folder = twin_folder(num_hidden_layers=13, num_attention_heads=8, num_key_value_heads=4, head_dim=8)
    _, trace = session.run(str(folder), "red blue red blue")
    found: Any = scores_json(trace)
    assert [len(found["types"]), len(found["types"][0])] == [13, 8]
    assert found["opening"]["head"]
