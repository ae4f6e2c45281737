"""BIO tags: entities as spans of words, and tags as a checkpoint names them."""

Entity = tuple[str, int, int]


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
