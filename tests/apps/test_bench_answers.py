"""What the server says to the page of the bench: sentences for what is not there, and nothing of another's mask."""

from typing import Any

import pytest

from gemma2_workbench import LoadedModel, SetCausal, applied, classify, load
from gemma2_workbench.apps.token_classification.answers import answer
from gemma2_workbench.apps.token_classification.findings import Findings, own_mask

TEXT = "Jordan flew to Jordan in May."


@pytest.fixture(scope="module")
def tagger() -> LoadedModel:
    return load("tiny-ner")


def test_the_mask_of_a_model_is_its_own_while_another_reader_has_changed_it(tagger: LoadedModel):
    with applied(tagger, [SetCausal(True)]) as changed:
        assert (own_mask(tagger), own_mask(changed)) == ("bidirectional", "causal")


@pytest.mark.parametrize(
    ("about", "wrong", "said"),
    [
        ("labels", {"text": "  "}, "the text is empty"),
        ("labels", {"model": "no-such-model"}, "there is no model 'no-such-model'"),
        ("labels", {"mask": "sideways"}, "choose from own, causal, bidirectional"),
        ("masks", {"text": ""}, "the text is empty"),
        ("word", {"word": 99}, "no word 99 in sentence 0"),
        ("word", {"sentence": 7}, "no word 0 in sentence 7"),
        ("word", {"word": "1"}, "word must be a whole number, got a text"),
        ("removals", {"word": -1}, "indices from 0"),
        ("heads", {"label": 99}, "no class 99; the model has 11"),
        ("saliency", {"label": 1, "against": 1}, "cannot be compared with itself"),
        ("saliency", {"method": "guess"}, "choose from integrated_gradients, gradient_x_input"),
        ("weather", {}, "allowed: labels, word, saliency"),
    ],
)
def test_a_question_about_nothing_gets_a_sentence(tagger: LoadedModel, about: str, wrong: dict[str, Any], said: str):
    def only(name: str) -> LoadedModel:
        return tagger if name == "tiny-ner" else load(name)

    answered = answer(Findings(only), {"about": about, "text": TEXT, "model": "tiny-ner", **wrong})
    assert said in answered["error"]


def test_the_page_is_told_where_labels_are_read_and_what_is_not_known_of_them(tagger: LoadedModel, monkeypatch):
    question = {"text": TEXT, "model": "tiny-ner"}
    findings = Findings(lambda _name: tagger)
    assert answer(findings, {"about": "labels", **question})["remarks"] == []
    monkeypatch.setattr(tagger.config, "workbench_label_token", "mean")
    monkeypatch.setattr(
        tagger.config, "id2label", {at: name.replace("B-", "S-") for at, name in tagger.config.id2label.items()}
    )
    findings = Findings(lambda _name: tagger)
    told = answer(findings, {"about": "labels", **question})
    assert "the classes of tiny-ner are BIOES tags" in told["remarks"][0]
    assert len(told["entities"]) == len(classify(tagger, TEXT).entities) > 0
    word = answer(findings, {"about": "word", **question})
    assert (word["label_token"], len(word["read"])) == ("mean", len([row for row in word["tokens"] if row["own"]]))
    assert answer(findings, {"about": "saliency", **question})["read"] == word["read"]
