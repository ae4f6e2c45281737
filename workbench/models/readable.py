"""`readable`: tokens as people read them: words as words, characters as characters, what is invisible made visible."""

import re
from dataclasses import dataclass
from itertools import groupby

from gemma2_workbench.models.tokens import SPACE, Tokens, character_name

# A space that is a token of its own, or one of several, needs a mark; one before a word is a gap.
SPACE_MARK = "␣"
LONGEST_RUN = 4
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_BYTES = re.compile(rf"(?:{_BYTE.pattern})+")
# What makes one sign of several, or chooses how the one before it looks: joiners, variants, letters of a flag.
_JOINS = re.compile("[\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]")
_LINE_END = ("↵", "␍")


@dataclass(frozen=True)
class Readable:
    """How one token is shown.

    Attributes:
        text: what to show; empty for the further bytes of a character, which stands at its first byte.
        joins: whether it follows the token before it without a gap.
        title: its piece of the vocabulary, and its bytes where it is part of a character.
    """

    text: str
    joins: bool
    title: str


def readable(tokens: Tokens) -> tuple[Readable, ...]:
    """How each token of a text is shown."""
    shown: list[Readable] = []
    for _, group in groupby(range(len(tokens)), lambda at: _character(tokens, at)):
        members = [*group]
        starts_line = not shown or tokens.special[members[0] - 1] or tokens.display[members[0] - 1].endswith(_LINE_END)
        if len(members) == 1:
            shown.append(_plain(tokens, members[0], starts_line))
        else:
            shown.extend(_bytes(tokens, members, starts_line))
    return tuple(shown)


def readable_piece(piece: str) -> Readable:
    """How a token is shown that stands in no text, such as one that a model expects next.

    Args:
        piece: as in `Tokens.display`.
    """
    if not _BYTES.fullmatch(piece):
        return Readable(_text(piece), not _has_gap(piece), piece)
    codes = _BYTE.findall(piece)
    return Readable(f"byte{'s' if len(codes) > 1 else ''} {' '.join(codes)}", True, piece)


def readable_word(tokens: Tokens, position: int) -> str:
    """The whole word that a token is part of; what joins its characters into one sign does so, and has no mark."""
    members = [at for at, word in enumerate(tokens.words) if word == tokens.words[position]]
    starts, ends = zip(*(tokens.spans[at] for at in members), strict=True)
    text = tokens.text[min(starts) : max(ends)].strip(" ")
    if tokens.special[position] or not text or text.isspace():
        return "".join(readable_piece(tokens.display[at]).text for at in members)
    return character_name(text[0]) + "".join(each if _JOINS.match(each) else character_name(each) for each in text[1:])


def visible(text: str) -> str:
    """The text with control characters as their pictures (U+2400) and other invisible ones by their number."""
    return "".join(map(character_name, text))


def _character(tokens: Tokens, at: int) -> tuple[int, int] | int:
    """The same for all tokens that are bytes of one character, and different otherwise."""
    start, end = tokens.spans[at]
    return (start, end) if end == start + 1 and _BYTES.fullmatch(tokens.display[at]) else -1 - at


def _plain(tokens: Tokens, at: int, starts_line: bool) -> Readable:
    piece, (start, end) = tokens.display[at], tokens.spans[at]
    if tokens.special[at]:
        return Readable(piece, False, f"{piece}, a special token")
    if _BYTES.fullmatch(piece) and end > start:
        return _part(tokens, at, starts_line)
    return Readable(_text(piece), not (_has_gap(piece) or starts_line), piece)


def _bytes(tokens: Tokens, members: list[int], starts_line: bool) -> list[Readable]:
    """The tokens that are the bytes of one character."""
    start, end = tokens.spans[members[0]]
    character = visible(tokens.text[start:end])
    codes = [_BYTE.findall(tokens.display[at]) for at in members]
    title = f"{character} = {' '.join(sum(codes, []))}"
    shown, done = [], 0
    for own in codes:
        where = f"byte {done + 1}" if len(own) == 1 else f"bytes {done + 1} to {done + len(own)}"
        text = "" if done else character
        shown.append(Readable(text, bool(done) or not starts_line, f"{title}: {where}, {' '.join(own)}"))
        done += len(own)
    return shown


def _part(tokens: Tokens, at: int, starts_line: bool) -> Readable:
    """A token of bytes that end within a character, of a byte-level vocabulary; it shows what begins with it."""
    piece, (start, end) = tokens.display[at], tokens.spans[at]
    known = min(end, max(start, tokens.spans[at - 1][1])) if at else start
    text = tokens.text[known:end]
    codes = _BYTE.findall(piece)
    title = (
        piece if len(codes) == 1 and known == start else f"{' '.join(codes)}, of {visible(tokens.text[start:end])!r}"
    )
    has_gap = text.startswith(" ") and text != " "
    return Readable(visible(text.removeprefix(" ") if has_gap else text), not (has_gap or starts_line), title)


def _has_gap(piece: str) -> bool:
    """Whether a piece is a word with the space before it."""
    return piece.startswith(SPACE) and piece.strip(SPACE) != ""


def _text(piece: str) -> str:
    if piece and not piece.strip(SPACE):
        return SPACE_MARK * len(piece) if len(piece) <= LONGEST_RUN else f"{SPACE_MARK}×{len(piece)}"
    return visible(piece.removeprefix(SPACE).replace(SPACE, " "))
