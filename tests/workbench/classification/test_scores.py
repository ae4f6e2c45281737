"""Scores count whole entities, or single words where there are no entities."""

import pytest

from gemma2_workbench.classification.conll import Sentence
from gemma2_workbench.classification.scores import accuracies, by_domain, class_scores, entity_scores, markdown

TYPES = ("PER", "ORG", "LOC")


def test_only_the_exact_words_and_type_of_an_entity_count():
    gold = [Sentence(["a"] * 6, ["B-PER", "I-PER", "O", "B-LOC", "O", "B-ORG"], {"domain": "in"})]
    found = entity_scores(gold, [["B-PER", "O", "O", "B-LOC", "O", "B-LOC"]], TYPES)
    assert found["ALL"] == pytest.approx({"precision": 1 / 3, "recall": 1 / 3, "f1": 1 / 3, "support": 3})
    assert found["LOC"]["precision"] == 0.5
    assert found["PER"]["f1"] == 0.0


def test_no_entity_on_either_side_scores_nothing():
    found = entity_scores([Sentence(["a", "b"], ["O", "O"])], [["O", "O"]], TYPES)
    assert found["ALL"] == found["PER"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}


def test_classes_of_words_are_counted_one_by_one():
    gold = [Sentence(["a", "b", "c"], ["NN", "NN", "VB"]), Sentence(["d"], ["DT"])]
    found = class_scores(gold, [["NN", "VB", "VB"], ["XX"]], ("VB", "NN", "DT", "XX", "YY"))
    assert list(found) == ["VB", "NN", "DT", "XX", "MEAN"]
    assert found["NN"] == pytest.approx({"precision": 1, "recall": 1 / 2, "f1": 2 / 3, "support": 2})
    assert found["VB"] == pytest.approx({"precision": 1 / 2, "recall": 1, "f1": 2 / 3, "support": 1})
    assert found["MEAN"]["f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert found["MEAN"]["support"] == 4


def test_domains_are_scored_apart_and_shown_in_one_table():
    gold = [Sentence(["x"], ["B-PER"], {"domain": "in"}), Sentence(["y", "z"], ["B-PER", "O"], {"domain": "out"})]
    predicted = [["B-PER"], ["O", "O"]]
    scores = by_domain(gold, predicted, TYPES)
    assert {name: rows["PER"]["f1"] for name, rows in scores.items()} == {
        "in": 1.0,
        "out": 0.0,
        "all": pytest.approx(2 / 3),
    }
    assert accuracies(gold, predicted) == pytest.approx({"in": 1, "out": 1 / 2, "all": 2 / 3})
    assert "| all | model | 0.667 |" in markdown({"model": scores}, TYPES)
