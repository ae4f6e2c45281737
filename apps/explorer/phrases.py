"""Sentences in pieces, of which some are strong: what a reader reads of tokens and counts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import JsonValue

from gemma2_workbench import Tokens
from gemma2_workbench.models.readable import readable_word, visible
from gemma2_workbench.models.tokens import SPACE

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Piece(NamedTuple):
    """A piece of a sentence."""

    text: str
    strong: bool


Sentence = tuple[Piece, ...]


def sentence(*parts: str) -> Sentence:
    """Pieces in turn: plain, strong, plain, ...; empty ones are left out."""
    return tuple(Piece(part, at % 2 == 1) for at, part in enumerate(parts) if part)


def sentence_json(pieces: Sentence) -> JsonValue:
    """[[text, strong], ...]."""
    return [[piece.text, piece.strong] for piece in pieces]


def number(count: int) -> str:
    """`three`, and from 13 on `13`."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def times(count: int) -> str:
    """`once`, `twice`, `three times`."""
    return {1: "once", 2: "twice"}.get(count, f"{number(count)} times")


def listed(names: Sequence[str], most: int = 3) -> str:
    """`a, b and c`; beyond `most` they are counted."""
    if len(names) > most:
        names = [*names[: most - 1], f"{number(len(names) - most + 1)} others"]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def by_count(names: Iterable[str]) -> list[str]:
    """Names without repeats, the most frequent first."""
    return [name for name, _ in Counter(names).most_common()]


def begun(text: str) -> str:
    """With a capital."""
    return text[:1].upper() + text[1:]


def word_at(tokens: Tokens, position: int) -> str:
    """The whole word that a token is part of."""
    return readable_word(tokens, position)


def piece_at(tokens: Tokens, position: int) -> str:
    """A token as people read it, without the space before it; of a part of a character, the character."""
    start, end = tokens.spans[position]
    if start < end and tokens.display[position].startswith("<0x"):
        return visible(tokens.text[start:end].strip(" "))
    return tokens.display[position].removeprefix(SPACE) or "space"


def is_inside(tokens: Tokens, position: int) -> bool:
    """Whether a token goes on with the word of the token before."""
    return position > 0 and tokens.words[position] == tokens.words[position - 1]
