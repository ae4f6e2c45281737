"""`pieces_of`: tokens as people read them, from what a sweep keeps of them: the pieces of the vocabulary."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from gemma2_workbench.models.readable import Readable, readable
from gemma2_workbench.models.tokens import SPACE, Tokens

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
SPECIAL = re.compile(r"<(?!0x)[^<>]+>")


def pieces_of(display: Sequence[str]) -> tuple[Readable, ...]:
    """How each token of a window is shown; the bytes of one character stand together.

    Args:
        display: as in `Tokens.display`.
    """
    texts = [text for is_byte, group in groupby(display, _is_byte) for text in _texts([*group], is_byte)]
    spans: list[tuple[int, int]] = []
    at = 0
    for text, goes_on in texts:
        spans.append(spans[-1] if goes_on else (at, at + len(text)))
        at += 0 if goes_on else len(text)
    # Only the first one can be more than what was written: a text may hold `<b>`.
    special = tuple(number == 0 and bool(SPECIAL.fullmatch(piece)) for number, piece in enumerate(display))
    whole = "".join(text for text, goes_on in texts if not goes_on)
    return readable(Tokens(whole, (0,) * len(display), tuple(display), tuple(spans), special))


def _is_byte(piece: str) -> bool:
    return _BYTE.fullmatch(piece) is not None


def _texts(pieces: list[str], are_bytes: bool) -> Iterator[tuple[str, bool]]:
    """The characters of each token, and whether it is a further byte of the character before it."""
    if not are_bytes:
        yield from ((piece.replace(SPACE, " "), False) for piece in pieces)
        return
    whole = bytes(int(piece[3:5], 16) for piece in pieces)
    for character in whole.decode("utf-8", "surrogateescape"):
        # A byte without the others of its character, at the edge of a window.
        is_alone = "\ud800" <= character <= "\udfff"
        count = 1 if is_alone else len(character.encode())
        yield from (("" if is_alone else character, number > 0) for number in range(count))
