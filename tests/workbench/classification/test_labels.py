"""Tags and entities are two ways to say the same."""

from gemma2_workbench.classification.labels import entities, tagged, types_of


def test_entities_and_tags_are_inverse():
    tags = ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "O"]
    assert entities(tags) == [("PER", 0, 2), ("LOC", 3, 4), ("LOC", 4, 5)]
    assert tagged(entities(tags), len(tags)) == tags
    assert types_of(tags) == ("PER", "LOC")
