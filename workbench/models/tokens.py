"""`Tokens`: the tokens of a text with everything needed to show them: ids, display strings, character spans."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import regex

from gemma2_workbench.brief import brief, some

SPACE = "▁"
SPACES = (SPACE, "Ġ")  # as vocabularies of pieces and of bytes write it
_VISIBLE = {"\n": "↵", "\t": "⇥", "\r": "␍", "\x0b": "␋", "\x0c": "␌"}
# The byte of a character that the vocabulary lacks; below 0x80 it is the whole character.
_ASCII = re.compile(r"<0x([0-7][0-9A-F])>")
_VARIANT = re.compile("[\\uFE00-\\uFE0F\\U000E0100-\\U000E01EF]")
# What readers take for one character, and so many code points on each side in which its ends are looked for.
_CHARACTER, _AROUND = regex.compile(r"\X"), 32

# The character that byte-level vocabularies write for each byte: itself where it can be seen.
_SEEN = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_UNSEEN = [byte for byte in range(0x100) if byte not in _SEEN]
_BYTES = {chr(byte): byte for byte in _SEEN} | {chr(0x100 + at): byte for at, byte in enumerate(_UNSEEN)}


@dataclass(frozen=True)
class Tokens:
    """The T tokens of one text, the beginning-of-sequence token included.

    Attributes:
        text: the text as given.
        ids: token ids.
        display: what to show for each: the vocabulary's piece, `▁` for a space, line breaks and tabs made visible;
            a byte (`<0xF0>`) only where it is part of a character, or invisible.
        spans: (start, end) character offsets in `text`; (0, 0) for tokens that stand for no text.
        special: whether a token is one of the tokenizer's special tokens.
    """

    text: str
    ids: tuple[int, ...]
    display: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    special: tuple[bool, ...]

    def __post_init__(self) -> None:
        lengths = {len(self.ids), len(self.display), len(self.spans), len(self.special)}
        if len(lengths) != 1:
            raise ValueError(f"ids, display, spans and special must have one length, got {sorted(lengths)}")

    def __repr__(self) -> str:
        return brief(self, f"{len(self)} tokens: {some(self.display, 12)}")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def words(self) -> tuple[int, ...]:
        """Number of the word each token belongs to, from 0.

        A token goes on with the word before it where a letter, a digit or a mark follows another without a space, and
        where it is a further byte or a further part of the same character. Special tokens and punctuation stand alone.
        """
        numbers: list[int] = []
        for index in range(len(self)):
            goes_on = index > 0 and _goes_on(self.text, self.spans[index - 1], self.spans[index])
            numbers.append(numbers[-1] + (not goes_on) if numbers else 0)
        return tuple(numbers)


def _goes_on(text: str, before: tuple[int, int], span: tuple[int, int]) -> bool:
    """Whether a token with this span belongs to the word of the token before it."""
    start, end = span
    if start == end or before[0] == before[1]:
        return False
    if before == span:
        return True
    if before[1] != start:
        return False
    return (_in_word(text[start - 1]) and _in_word(text[start])) or _within_character(text, start)


def _in_word(character: str) -> bool:
    """Whether it is a letter, a digit, or a mark on one, such as an accent or the sign of a vowel."""
    return character.isalnum() or unicodedata.category(character).startswith("M")


def _within_character(text: str, at: int) -> bool:
    """Whether `at` lies within what readers take for one character, such as an emoji put together of several."""
    if text[at].isascii():
        return False
    around = slice(max(0, at - _AROUND), at + _AROUND)
    starts = {around.start + found.start() for found in _CHARACTER.finditer(text[around])}
    return at not in starts


@lru_cache(maxsize=1 << 16)
def shown(piece: str) -> str:
    """A vocabulary piece with its invisible characters made visible; a space is `▁` as in the vocabulary.

    The byte `<0x26>` is the character `&`; bytes of longer characters and of controls stay as they are. A piece of
    which nothing would be seen, such as the joiner within an emoji, is named by its number: `U+200D`.
    """
    byte = _ASCII.fullmatch(piece)
    if byte is not None and ((character := chr(int(byte[1], 16))).isprintable() or character in _VISIBLE):
        piece = character
    piece = piece.replace(" ", SPACE)
    name = character_name if not any(map(_is_seen, piece.replace(SPACE, ""))) else str
    return "".join(_VISIBLE.get(character, name(character)) for character in piece) or "∅"


def character_name(character: str) -> str:
    """A character as it is shown: a control by its picture, others that are not seen by their number."""
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    if ord(character) == 0x7F:
        return "␡"
    return character if _is_seen(character) else f"U+{ord(character):04X}"


def _is_seen(character: str) -> bool:
    """Whether it leaves a mark; what chooses a variant of the character before it does not."""
    return character.isprintable() and not _VARIANT.match(character)


def displayed(tokenizer: Any, pieces: Iterable[str]) -> tuple[str, ...]:
    """How pieces of a tokenizer's vocabulary are shown: `shown`, of the text that a byte-level piece stands for.

    Byte-level vocabularies (GPT-2, Llama 3) write every byte as a character, a space as `Ġ`; bytes that are part of a
    character are shown as numbers.
    """
    is_of_bytes = "ByteLevel" in repr(tokenizer.backend_tokenizer.decoder)
    return tuple(map(_of_bytes if is_of_bytes else shown, pieces))


def _of_bytes(piece: str) -> str:
    held = [_BYTES.get(character) for character in piece]
    known = bytes(byte for byte in held if byte is not None)
    if len(known) < len(held):
        return shown(piece)
    try:
        return shown(known.decode())
    except UnicodeDecodeError:
        return "".join(f"<0x{byte:02X}>" for byte in known)


def checked_text(text: str) -> str:
    """The text, if a tokenizer can read it.

    Raises:
        TypeError: `text` is no str.
        ValueError: `text` is empty or is no valid Unicode: it holds half of a character (a lone surrogate), which is
            what bytes that are not UTF-8 become in an argument, and what JSON can write by an escape.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__}")
    if not text:
        raise ValueError("the text is empty: give at least one character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the text is no valid Unicode: half a character (U+{ord(text[error.start]):04X}) at position {error.start}"
            "; give it as UTF-8"
        ) from error
    return text


def tokenize(tokenizer: Any, text: str) -> Tokens:
    """Tokenize `text` as `tokenizer(text)` does, by its own settings (`add_bos_token`, `add_eos_token`).

    The one difference: a beginning of sequence (BOS) that the text brings along, at its start or after blanks, gets no
    second one before it. Chat templates write one, and twice is nothing that a model was trained on.

    Args:
        tokenizer: a transformers fast tokenizer.
        text: any text; not empty.

    Raises:
        TypeError: `text` is no str.
        ValueError: `text` is empty, is no valid Unicode, or has no tokens.
    """
    encoded = tokenizer(checked_text(text), return_offsets_mapping=True, verbose=False)
    ids = [int(token) for token in encoded["input_ids"]]
    spans = [(int(start), int(end)) for start, end in encoded["offset_mapping"]]
    if _brings_bos(tokenizer.bos_token_id, text, ids, spans):
        ids, spans = ids[1:], spans[1:]
    if not ids:
        raise ValueError(f"the text {text[:40]!r} has no tokens: give at least one character that the tokenizer keeps")
    specials = set(tokenizer.all_special_ids)
    pieces = tokenizer.convert_ids_to_tokens(ids)
    return Tokens(
        text,
        tuple(ids),
        displayed(tokenizer, pieces),
        tuple(spans),
        tuple(token in specials for token in ids),
    )


def shown_ids(tokenizer: Any, ids: Sequence[int]) -> Tokens:
    """Tokens that come from no text; as their text stands what is shown of them, and of special ones nothing."""
    display = displayed(tokenizer, tokenizer.convert_ids_to_tokens(list(ids)))
    specials = set(tokenizer.all_special_ids)
    special = tuple(token in specials for token in ids)
    written = ["" if is_special else piece for piece, is_special in zip(display, special, strict=True)]
    ends = list(accumulate(map(len, written)))
    return Tokens("".join(written), tuple(ids), display, tuple(zip([0, *ends[:-1]], ends, strict=True)), special)


def _brings_bos(bos: int | None, text: str, ids: list[int], spans: list[tuple[int, int]]) -> bool:
    """Whether the tokenizer put a BOS before a text whose first token that is not blank is one."""
    if bos is None or ids[:1] != [bos] or spans[0] != (0, 0):
        return False
    own = zip(ids[1:], spans[1:], strict=True)
    return next((token for token, (start, end) in own if text[start:end].strip()), None) == bos
