"""What the server says to Classify: the library's numbers, one answer for page and file, sentences for what is not."""

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gemma2_workbench import LoadedModel, classify
from gemma2_workbench.apps.cli import main
from gemma2_workbench.apps.page.save.file import file_route
from gemma2_workbench.apps.page.save.savable import Savables
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.token_classification.questions import Why
from gemma2_workbench.apps.token_classification.savables import SAVABLES
from gemma2_workbench.apps.token_classification.service import explained
from gemma2_workbench.classification.explanations import Request, answered
from tests.apps.token_classification.conftest import Ask

TEXT = "The crew went home. They sailed from Jordan to the coast of Egypt."
JORDAN = {"model": "tiny-ner", "text": TEXT, "word": 8, "entity": True}
ODD = ' Renée\tmet "Søren" <b>in</b> 北京;\n👩‍👧 בירושלים '


@pytest.mark.parametrize("model", ["tiny-ner", "mood"])
def test_the_pieces_of_a_text_are_all_of_it(ask: Ask, model: str) -> None:
    told = ask("labels", model=model, text=ODD)
    assert "".join(word["before"] + word["text"] for word in told["words"]) + told["after"] == ODD


def test_labels_are_the_library_s_and_open_at_the_least_certain_entity(ask: Ask, tagger: LoadedModel) -> None:
    told, found = ask("labels", model="tiny-ner", text=TEXT), classify(tagger, TEXT)
    assert [word["label"] for word in told["words"]] == [tag for row in found.sentences for tag in row.tags]
    assert [(at["label"], at["text"], at["margin"]) for at in told["entities"]] == [
        (at.label, at.text, at.margin) for at in found.entities
    ]
    least = min(told["entities"], key=lambda at: at["margin"])
    assert told["opening"] == least["first"]
    assert told["words"][told["opening"]]["text"] == found.uncertain.text.split()[0]
    assert told["sentences"] == [[0, 5], [5, 15]]


def test_reasons_are_the_library_s(ask: Ask, tagger: LoadedModel) -> None:
    told = ask("why", show="leave_one_out", **JORDAN)
    known = answered(tagger, Request(TEXT, "leave_one_out", word=8, entity=True))
    assert (told["asked"], told["label"], told["because"]) == ("Jordan", known.target.label, known.explanation.because)
    assert [row["effect"] for row in told["rows"]] == [row.effect for row in known.explanation.rows]
    assert told["probability"] == known.probability
    classes = dict(ask("classes", model="tiny-ner", text=TEXT, word=8)["classes"])
    assert told["against_probability"] == pytest.approx(classes[f"B-{told['against']}"], rel=1e-4)
    gradients = ask("why", show="saliency", **JORDAN)
    assert sum(gradients["by_word"]) == pytest.approx(sum(value for _, value in gradients["tokens"]), abs=1e-4)
    heads = ask("why", show="heads", **JORDAN)
    look = ask("why", show="attention", layer=4, head=5, **JORDAN)
    assert heads["effects"][4][5] == pytest.approx(look["effect"], abs=1e-4)
    assert len(look["by_word"]) == len(told["rows"]) + 1
    with_ = ask("why", show="swap", swap=2, by=["with", "from"], **JORDAN)["rows"]
    assert (with_[0]["text"], with_[0]["label"]) == ("from", told["label"])
    assert with_[2] == with_[0]
    masks = ask("why", show="masks", **JORDAN)
    assert len(masks["rows"]) == 15
    assert masks["other"] == "causal"


def test_page_and_file_take_one_answer_which_is_that_of_the_command(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = Why(show="leave_one_out", label="LOC", **JORDAN)
    assert SAVABLES[0].recipe(session, why).answer is explained(session, why)
    monkeypatch.chdir(tmp_path)
    client = TestClient(Starlette(routes=[file_route(session, Savables(SAVABLES))]))
    wanted = {"shown": {"kind": "explanation", **why.model_dump()}, "format": "csv", "name": "why"}
    page = client.post("/workbench/file", json=wanted)
    assert page.status_code == 200, page.text
    words = ["--show", "leave_one_out", "--word", "8", "--entity", "--label", "LOC", "--out", "why.csv"]
    assert main(["why", *words, "--", TEXT]) == 0
    assert page.content == Path("why.csv").read_bytes()
    table = {"shown": {"kind": "labels", "model": "tiny-ner", "text": TEXT, "show": "entities"}, "format": "csv"}
    assert b"Jordan" in client.post("/workbench/file", json={**table, "name": "entities"}).content
    refused = client.post("/workbench/file", json={**table, "format": "pdf", "name": "entities"})
    assert "are a table" in refused.json()["error"]


def test_a_text_is_labelled_as_a_whole(ask: Ask) -> None:
    told = ask("labels", model="mood", text=TEXT)
    assert (told["kind"], told["entities"], told["opening"], told["sentences"]) == ("sequence", [], 0, [[0, 15]])
    why = ask("why", show="leave_one_out", model="mood", text=TEXT, word=0)
    assert why["label"] == told["whole"]["label"]
    assert [row["text"] for row in why["rows"]] == [word["text"] for word in told["words"]]
    assert len(ask("why", show="heads", model="mood", text=TEXT, word=0)["by_word"]) == 15


def test_plain_classes_are_of_words(ask: Ask) -> None:
    told = ask("labels", model="plain", text=TEXT)
    assert not told["tagged"]
    assert told["opening"] == min(range(15), key=lambda at: told["words"][at]["margin"])
    assert {word["label"] for word in told["words"]} <= {"NOUN", "VERB", "OTHER"}


@pytest.mark.parametrize(
    ("about", "wrong", "said"),
    [
        ("labels", {"text": "  "}, "the text is empty"),
        ("labels", {"model": "bare"}, "labels nothing; choose a"),
        ("why", {"show": "leave_one_out", "word": 99}, "has no word 99"),
        ("why", {"show": "weather"}, "choose from saliency"),
        ("why", {"show": "saliency", "method": "guess"}, "integrated_gradients"),
        ("why", {"show": "saliency", "label": "LOC", "against": "LOC", "entity": True}, "cannot be compared"),
        ("why", {"show": "leave_one_out", "label": "MOOD", "entity": True}, "no type 'MOOD'"),
        ("why", {"show": "leave_one_out", "word": 0, "entity": True}, "is in no entity"),
        ("why", {"show": "attention", "layer": 1}, "its layer and its head"),
        ("why", {"show": "swap", "swap": 3, "by": ["  "]}, "other words only"),
        ("why", {"show": "leave_one_out", "word": -1}, "greater than or equal to 0"),
        ("why", {"show": "leave_one_out", "more": 1}, "more"),
    ],
)
def test_what_is_not_there_is_one_sentence(ask: Ask, about: str, wrong: dict[str, Any], said: str) -> None:
    asked = {"model": "tiny-ner", "text": TEXT, **({"word": 8} if about == "why" else {}), **wrong}
    with pytest.raises(ValueError, match=re.escape(said)):
        ask(about, **asked)
