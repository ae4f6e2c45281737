"""The labels of the embedded classifier."""

from training.ner.labels import TAGS, is_valid


def test_there_are_two_tags_per_type_and_one_for_none():
    assert len(TAGS) == 11


def test_only_known_tags_in_bio_order_are_valid():
    assert is_valid(["B-PER", "I-PER", "O"])
    assert not is_valid(["I-PER"])
    assert not is_valid(["B-CAT"])
