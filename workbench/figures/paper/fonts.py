"""Fonts on paper: which installed families a figure needs, and labels that they can show.

DejaVu Sans comes with matplotlib and covers Latin, Greek, Cyrillic, Hebrew, Arabic and many signs; STIX comes with it
too and looks like Times. For what they lack, the installed families of `FALLBACKS` are searched in order, TrueType
before others, because only TrueType outlines are embedded as Type 42 as they are (see `truetype`). A character that no
family has is written as its code point, "U+1F680": never an empty box, never a warning. The bytes of a figure depend on
installed fonts only where a fallback is used.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

from gemma2_workbench.figures.paper.truetype import embeddable
from gemma2_workbench.figures.paper.venues import TypeSizes
from gemma2_workbench.figures.text import code_point, one_line

SANS, SERIF = "DejaVu Sans", "STIXGeneral"
_BREAK = re.compile(r" (?!\d)")  # between words; a number stays with the word before it: "head 3"
_JOINERS = "\u200c\u200d"
_SPACE = ("\u2581", "\u2423")  # SentencePiece's mark of a space, and the open box that stands for it in print
FALLBACKS = (
    *("Droid Sans Fallback", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "IPAexGothic", "IPAGothic", "NanumGothic"),
    *("Arial Unicode MS", "Microsoft YaHei", "Yu Gothic", "MS Gothic", "Malgun Gothic"),
    *("PingFang SC", "Hiragino Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR", "Source Han Sans"),
    *("Noto Sans", "Noto Sans Devanagari", "Noto Sans Thai", "Lohit Devanagari", "FreeSans", "FreeSerif"),
    *("Noto Sans Symbols", "Noto Sans Symbols 2", "Noto Emoji", "Segoe UI Symbol", "Symbola", "Unifont"),
)


@dataclasses.dataclass(frozen=True)
class Faces:
    """The type of one figure: its families in order of preference, and its sizes."""

    families: tuple[str, ...]
    sizes: TypeSizes = TypeSizes()
    used: frozenset[int] = frozenset()

    def printable(self, text: str) -> str:
        """`text` on one line, a subword's mark of a space as an open box, U+XXXX for what no family has."""
        return _printable(self.families, text)

    def embedded(self) -> tuple[str, ...]:
        """The families as a PDF file takes them, all with TrueType outlines."""
        missing, families = self.used, []
        for family in self.families:
            families.append(embeddable(family, missing & _characters(family)))
            missing -= _characters(family)
        return tuple(families)

    def width(self, text: str, size: float) -> float:
        """The width of printable `text` at `size` points, in inches."""
        return _width(self.families, text, size) if text else 0.0

    def fit(self, text: str, room: float, size: float) -> str:
        """`text`, made printable and cut with an ellipsis until it is at most `room` inches wide."""
        shown = whole = self.printable(text)
        while len(whole) > 1 and self.width(shown, size) > room:
            whole = whole[:-1]
            shown = whole + "…"
        return shown

    def wrap(self, text: str, room: float, size: float, strict: bool = False) -> list[str]:
        """Printable `text` in lines of whole words, each at most `room` inches wide where its words allow.

        With `strict` a word that is wider than the room is broken, so that no line is too wide.
        """
        lines: list[str] = []
        words = _BREAK.split(self.printable(text))
        if strict:
            words = [piece for word in words for piece in self._pieces(word, room, size)]
        for word in words:
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width(longer, size) <= room:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def balanced(self, text: str, room: float, size: float) -> list[str]:
        """`text` in as few lines of at most `room` inches as it takes, all about equally wide."""
        lines = self.wrap(text, room, size, strict=True)
        low, high = (0.0, room) if len(lines) > 1 else (room, room)
        while high - low > room / 100:
            middle = (low + high) / 2
            tried = self.wrap(text, middle, size)
            if len(tried) <= len(lines) and max(self.width(line, size) for line in tried) <= room:
                lines, high = tried, middle
            else:
                low = middle
        return lines

    def axis_name(self, name: str, room: float) -> list[str]:
        """The name of an axis in lines of at most `room` inches where its words allow."""
        return self.balanced(name, max(room, 0.8), self.sizes.label)

    def _pieces(self, word: str, room: float, size: float) -> list[str]:
        """A word in pieces of at most `room` inches, parted at its spaces first; the whole word where it fits."""
        if self.width(word, size) <= room:
            return [word]
        first, space, rest = word.partition(" ")
        if space:
            return [*self._pieces(first, room, size), *self._pieces(rest, room, size)]
        pieces = [""]
        for character in word:
            if pieces[-1] and self.width(pieces[-1] + character, size) > room:
                pieces.append("")
            pieces[-1] += character
        return pieces


def faces(spec: object, sizes: TypeSizes | None = None) -> Faces:
    """The families that the strings in `spec` need: the base and the fallbacks that add characters to it."""
    sizes = sizes or TypeSizes()
    used = frozenset(ord(c) for text in _strings(spec) for c in _shown(text))
    base = SERIF if sizes.serif else SANS
    missing, families = used - _characters(base), [base]
    for family in (SANS, *FALLBACKS):
        if not missing:
            break
        found = missing & _characters(family)
        if found:
            families.append(family)
            missing -= found
    return Faces(tuple(families), sizes, used)


def _shown(text: str) -> str:
    """`text` on one line, with open boxes for the marks of spaces, which hang below the line like rules.

    Variation selectors are left out; they, and joiners, are code points where there is nothing else.
    """
    line = one_line(text).replace(*_SPACE)
    seen = "".join(c for c in line if not ("\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef"))
    return seen if seen.strip(_JOINERS) else "".join(map(code_point, line))


@lru_cache(maxsize=4096)
def _printable(families: tuple[str, ...], text: str) -> str:
    """The same few words are asked for again and again, here and below."""
    known = frozenset().union(*(_characters(family) for family in families))
    line = _shown(text)
    return "".join(_sign(line, i, known) for i in range(len(line)))


def _sign(line: str, i: int, known: frozenset[int]) -> str:
    """Character `i` as it is printed; a joiner only where it shapes letters: elsewhere it shifts its neighbours."""
    if line[i] in _JOINERS:
        beside = line[max(i - 1, 0) : i] + line[i + 1 : i + 2]
        shapes = len(beside) == 2 and all(ord(c) in known and unicodedata.category(c)[0] in "LM" for c in beside)
        return line[i] if shapes else ""
    return line[i] if ord(line[i]) in known else code_point(line[i])


def _strings(value: object) -> Iterator[str]:
    """Every string anywhere in a specification."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _strings(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _strings(getattr(value, field.name))


@lru_cache(maxsize=4096)
def _width(families: tuple[str, ...], text: str, size: float) -> float:
    """Inches of printable text."""
    font = FontProperties(family=list(families), size=size)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72


@lru_cache
def _characters(family: str) -> frozenset[int]:
    """The code points an installed family has; empty when it is not installed."""
    try:
        path = findfont(FontProperties(family=family), fallback_to_default=False)
    except ValueError:
        return frozenset()
    return frozenset(get_font(path).get_charmap())
