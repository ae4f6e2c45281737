"""BIO tags: entities as spans of words, and tags as a checkpoint names them."""

from collections.abc import Iterable

Entity = tuple[str, int, int]


def types_of(names: Iterable[str]) -> tuple[str, ...]:
    """The entity types among tags such as B-TYPE, in the order in which they come up."""
    return tuple(dict.fromkeys(name[2:] for name in names if name != "O"))


def entities(tags: list[str]) -> list[Entity]:
    """Returns (type, first word, word after the last) of every entity; `tags` are valid BIO."""
    found = []
    for at, tag in enumerate(tags):
        if tag.startswith("B-"):
            found.append((tag[2:], at, at + 1))
        elif tag.startswith("I-"):
            kind, start, _ = found.pop()
            found.append((kind, start, at + 1))
    return found


def tagged(found: list[Entity], words: int) -> list[str]:
    """Returns the BIO tags of `words` words with these entities; they must not overlap."""
    tags = ["O"] * words
    for kind, start, end in found:
        tags[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return tags
