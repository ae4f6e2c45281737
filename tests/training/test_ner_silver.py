"""Silver data: spaCy's entities after our definitions, votes, templates, and who may be trained on."""

import random

import pytest

from gemma2_workbench.classification.conll import Sentence
from gemma2_workbench.classification.labels import entities
from training.ner.definitions import finished, our_entities
from training.ner.labels import is_valid
from training.ner.names import Names
from training.ner.silver import split
from training.ner.templates import TEMPLATES, filled
from training.ner.vote import corrected, verdicts


def ours(text, *marks):
    """Our entities, as (type, text), of `text` with spaCy's labels given as (substring, label)."""
    found = [(text.index(part), text.index(part) + len(part), label) for part, label in marks]
    words, kept = our_entities(text, found)
    return [(kind, " ".join(words[a:b])) for kind, a, b in finished(words, kept)]


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("Then Mr. Hall spoke.", ("Mr. Hall", "PERSON"), [("PER", "Hall")]),
        ("Then Miss Bates spoke.", ("Bates", "ORG"), [("PER", "Bates")]),
        ("The Senate of the day.", ("Senate", "ORG"), [("ORG", "The Senate")]),
        ("On the London docks.", ("London", "GPE"), [("LOC", "London")]),
        ("It left the Senate's hands.", ("Senate's", "ORG"), [("ORG", "the Senate")]),
        ("All the Jews went.", ("the Jews", "NORP"), [("NORP", "Jews")]),
        ("Our Government acts.", ("Government", "ORG"), []),
        ("Save the Union now.", ("Union", "ORG"), [("LOC", "the Union")]),
        ("The Clean Air Act passed.", ("The Clean Air Act", "ORG"), []),
        ("By the Government of Spain.", ("the Government of Spain", "ORG"), [("LOC", "Spain")]),
        ("On Monday morning it rained.", ("Monday morning", "TIME"), [("DATE", "Monday")]),
        ("Its annual report.", ("annual", "DATE"), []),
        ("A U.S.-backed plan.", ("U.S.", "GPE"), []),
        ("He paid nine dollars.", ("nine dollars", "MONEY"), []),
    ],
)
def test_labels_follow_the_definitions(text, mark, expected):
    assert ours(text, mark) == expected


def test_the_votes_correct_types_and_fill_gaps_but_leave_rare_names_alone():
    agreed = [(["Edmund", "left", "."], [("PER", 0, 1)])] * 8
    wrong = [(["Edmund", "spoke", "."], [("ORG", 0, 1)]), (["and", "Edmund", "."], [])]
    rare = [(["Ecclesford", "."], [("LOC", 0, 1)])]
    outcome = verdicts(agreed + wrong + rare)
    assert corrected(wrong[0], outcome)[1] == [("PER", 0, 1)]
    assert corrected(wrong[1], outcome)[1] == [("PER", 1, 2)]
    assert ("Ecclesford",) not in outcome


def test_a_divided_vote_changes_nothing():
    divided = [(["May", "."], [("PER", 0, 1)])] * 5 + [
        (["May", "."], [("DATE", 0, 1)]),
        (["May", "."], [("LOC", 0, 1)]),
    ] * 4
    outcome = verdicts(divided)
    assert corrected((["May", "."], [("LOC", 0, 1)]), outcome)[1] == [("LOC", 0, 1)]


NAMES = Names(["Ada Lovelace"], ["Ada"], ["Lovelace"], ["Paris", "Rhine River"])


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_gives_whole_entities_and_valid_tags(template):
    rng = random.Random(1)
    for _ in range(5):
        words, found = filled(template, NAMES, rng)
        slots = template.count("{") - template.count("{TIMES}")
        assert len(found) == slots
        assert all(words[start][0].isalnum() for _, start, _ in found)
        assert all(before[2] <= after[1] for before, after in zip(found, found[1:], strict=False))
        assert "|" not in "".join(words)


def test_gold_and_held_out_sentences_are_never_trained_on():
    rows = [(False, ([f"Name{i}", "spoke", "."], [("PER", 0, 1)])) for i in range(300)]
    rows.append((True, (["Held", "out", "."], [("PER", 0, 1)])))
    gold = [Sentence(["Name7", "spoke", "."], ["B-PER", "O", "O"])]
    parts = split({"sotu": rows}, gold)
    words = {name: {s.words[0] for s in part} for name, part in parts.items()}
    assert words["held_out"] == {"Held"}
    assert "Name7" not in words["train"] | words["dev"]
    assert words["train"].isdisjoint(words["dev"])
    assert len(words["train"]) + len(words["dev"]) == 299
    assert all(is_valid(s.tags) and entities(s.tags) for s in parts["train"])
