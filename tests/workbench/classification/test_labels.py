"""BIO tags and entities are two ways to say the same."""

from workbench.classification.labels import entities, is_bio_scheme, repaired, tagged, types_of


def test_entities_and_tags_are_inverse():
    tags = ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "O"]
    assert entities(tags) == [("PER", 0, 2), ("LOC", 3, 4), ("LOC", 4, 5)]
    assert tagged(entities(tags), len(tags)) == tags
    assert types_of(tags) == ("PER", "LOC")


def test_an_orphaned_inside_tag_begins_an_entity():
    assert repaired(["I-PER", "I-PER", "I-ORG", "O", "I-LOC"]) == ["B-PER", "I-PER", "B-ORG", "O", "B-LOC"]


def test_other_schemes_are_told_from_bio():
    assert is_bio_scheme(["O", "B-PER", "I-PER"])
    assert not is_bio_scheme(["O", "B-PER", "S-PER"])
    assert not is_bio_scheme(["NN", "O"])
    assert not is_bio_scheme(["O", "B-"])
