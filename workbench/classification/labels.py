"""BIO tags: entities as spans of words, and tags as a checkpoint names them."""

from collections.abc import Iterable

Entity = tuple[str, int, int]


def is_bio(tag: str) -> bool:
    """Whether a tag is O, B-TYPE or I-TYPE."""
    return tag == "O" or (tag[:2] in ("B-", "I-") and len(tag) > 2)


def is_bio_scheme(names: Iterable[str]) -> bool:
    """Whether all names are BIO tags, so that entities can be read from them."""
    return all(map(is_bio, names))


def types_of(names: Iterable[str]) -> tuple[str, ...]:
    """The entity types among BIO tags, in the order in which they come up."""
    return tuple(dict.fromkeys(name[2:] for name in names if name != "O"))


def repaired(tags: list[str]) -> list[str]:
    """Makes any sequence of tags valid: an I- that continues nothing of its type becomes a B-."""
    valid, before = [], "O"
    for tag in tags:
        if tag.startswith("I-") and before[2:] != tag[2:]:
            tag = "B-" + tag[2:]
        valid.append(tag)
        before = tag
    return valid


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
