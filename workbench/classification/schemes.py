"""Tag schemes: BIO (IOB2) and its relatives are told apart, and read as BIO.

- IOB1, IO: an entity is I- throughout, B- only where it follows another of its type.
- IOE1, IOE2: an entity is I- throughout, E- at its end (IOE1: only where another of its type follows).
- BIOES (IOBES), BILOU, BMEWO, BMES: a word of its own for the begin, the inside, the end and for single words.
- CoNLL-2012: brackets, `(PERSON*`, `*`, `*)`, `(GPE)`.

All of them say where entities begin and end, and one rule reads them all, that of the CoNLL script: an entity begins
at B or S, after an E or S, and wherever the type changes. So a sequence that breaks its scheme has a reading too.
"""

import re
from collections.abc import Callable, Collection, Sequence

_LETTERS = {"BIO": "BI", "IOE": "IE", "BIOES": "BIES", "BILOU": "BILU", "BMEWO": "BMEW", "BMES": "BMES"}
BRACKETS = "CoNLL-2012 brackets"
SCHEMES = (*_LETTERS, BRACKETS)
# What a letter says; those of the other schemes are other names for B, I, E and S.
_MEANING = {"M": "I", "L": "E", "U": "S", "W": "S"}
_TAG = re.compile(r"([BIMELSUW])-(.+)", re.DOTALL)
_BRACKET = re.compile(r"(?:\(([^()*\s]+))?(\*?)(\)?)")

Place = Callable[[int, int], str]


def scheme_of(names: Collection[str]) -> str:
    """The first of `SCHEMES` that all names are tags of; empty where there is none, so the names are plain classes."""
    return next((scheme for scheme in SCHEMES if all(_fits(scheme, name) for name in names)), "")


def as_bio(tags: Sequence[str]) -> list[str]:
    """The tags of a sentence, in any of the schemes, as valid BIO."""
    if any(_fits(BRACKETS, tag) for tag in tags):
        return _from_brackets(tags)
    valid, ended, before = [], True, ""
    for tag in tags:
        found = _TAG.fullmatch(tag)
        if found is None:
            valid.append("O")
            ended, before = True, ""
            continue
        letter, kind = _MEANING.get(found[1], found[1]), found[2]
        begins = letter in "BS" or ended or kind != before
        valid.append(f"{'B' if begins else 'I'}-{kind}")
        ended, before = letter in "ES", kind
    return valid


def scheme_remark(owner: str, names: Collection[str]) -> tuple[str, ...]:
    """What one must know of the scheme of a set of classes, in a sentence; nothing where it is BIO or plain classes."""
    scheme = scheme_of(names)
    if scheme == "BIO":
        tags = [name for name in names if name != "O"]
        if tags and all(name.startswith("I-") for name in tags):
            return (f"{owner} know no B- (IO or IOB1): words side by side of one type were read as one entity",)
        return ()
    if scheme:
        return (f"{owner} are {scheme} tags; they were read as BIO (B- begins an entity, I- goes on with it)",)
    bad, good = _odd(names), next((name for name in names if _like_a_tag(name)), None)
    if bad is None or good is None:
        return ()
    return (f"{owner} are no scheme of tags ({bad!r} beside {good!r}): words get classes, and there are no entities",)


def read_as_bio(tags: Sequence[Sequence[str]], name: str, place: Place) -> tuple[list[list[str]] | None, list[str]]:
    """The tags of a file as BIO.

    Args:
        tags: those of each sentence.
        name: what to call the file.
        place: FILE:LINE of a word, from the index of its sentence and its own.

    Returns:
        Valid BIO tags, or None where the tags are plain classes; and remarks on how they were read.

    Raises:
        ValueError: some tags are of a scheme and others are not.
    """
    names = dict.fromkeys(tag for sentence in tags for tag in sentence)
    scheme = scheme_of(names)
    if not scheme:
        _check_plain(tags, names, place)
        return None, []
    valid = [as_bio(sentence) for sentence in tags]
    if scheme != "BIO":
        return valid, [f"the tags of {name} are {scheme}; they were read as BIO"]
    changed = [
        place(row, at)
        for row, (sentence, new) in enumerate(zip(tags, valid, strict=True))
        for at, (was, now) in enumerate(zip(sentence, new, strict=True))
        if was != now
    ]
    if not changed:
        return valid, []
    return valid, [
        f"{len(changed)} entities of {name} begin with I- instead of B- (the first in line "
        f"{changed[0].rpartition(':')[2]}); they were read as IOB1, each as if it began with B-"
    ]


def _check_plain(tags: Sequence[Sequence[str]], names: Collection[str], place: Place) -> None:
    """Raises ValueError where some tags are those of a scheme: others among them are a slip, not classes."""
    bad, good = _odd(names), next((name for name in names if _like_a_tag(name)), None)
    if bad is None or good is None:
        bad = good = next((name for name in names if name in ("B-", "I-")), None)
    if bad is None or good is None:
        return
    first: dict[str, str] = {}
    for row, sentence in enumerate(tags):
        for at, tag in enumerate(sentence):
            if tag in (bad, good):
                first.setdefault(tag, place(row, at))
    what = f"is not {_nearest(names)} while others are ({good[:40]!r} in line {first[good].rpartition(':')[2]})"
    raise ValueError(
        f"{first[bad]}: the tag {bad[:40]!r} {'has no type' if bad == good else what}; allowed are O, B-TYPE and "
        f"I-TYPE, or the tags of one other scheme ({', '.join(SCHEMES[1:])})"
    )


def _odd(names: Collection[str]) -> str | None:
    """The first name that is no tag of the scheme that most of the names fit."""
    nearest = _nearest(names)
    return next((name for name in names if not _fits(nearest, name)), None)


def _nearest(names: Collection[str]) -> str:
    return max(SCHEMES, key=lambda scheme: sum(_fits(scheme, name) for name in names))


def _like_a_tag(name: str) -> bool:
    """Whether a name was hardly meant as a plain class."""
    return name[:2] in ("B-", "I-") and _fits("BIO", name) or (name[:1] in "(*" and _fits(BRACKETS, name))


def _fits(scheme: str, name: str) -> bool:
    """Whether a name is a tag of a scheme."""
    if scheme == BRACKETS:
        found = _BRACKET.fullmatch(name)
        return found is not None and (bool(found[2]) or bool(found[1] and found[3]))
    found = _TAG.fullmatch(name)
    return name == "O" or (found is not None and found[1] in _LETTERS[scheme])


def _from_brackets(tags: Sequence[str]) -> list[str]:
    valid, inside = [], ""
    for tag in tags:
        found = _BRACKET.fullmatch(tag)
        begins, closes = (found[1], bool(found[3])) if found else (None, False)
        kind = begins or inside
        valid.append(f"{'B' if begins else 'I'}-{kind}" if kind else "O")
        inside = "" if closes else kind
    return valid
