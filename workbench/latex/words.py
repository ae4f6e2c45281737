"""Text as LaTeX source that prints it: no character keeps a meaning of its own, and none is lost."""

from __future__ import annotations

import re
import unicodedata

from gemma2_workbench.figures.text import code_point, one_line

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    # Marks that `Tokens.display` puts for what is invisible, and the minus sign of numbers.
    "▁": r"\textvisiblespace{}",
    "↵": r"$\hookleftarrow$",
    "⇥": r"$\mapsto$",
    "␍": r"{\scriptsize CR}",
    "␋": r"{\scriptsize VT}",
    "␌": r"{\scriptsize FF}",
    "∅": r"$\emptyset$",
    "…": r"\ldots{}",
    "\N{MINUS SIGN}": r"$-$",
    "\N{NO-BREAK SPACE}": "~",
}
_LIGATURES = re.compile(r"([-',`<>])(?=\1)|[?!](?=`)")
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
# What pdfLaTeX prints with T1 fonts: Latin letters, and the signs of Western typography.
_WESTERN = re.compile("[\\x20-\\x7e\u00a1-\u00ac\u00ae-\u017e\u2013\u2014\u2018-\u201e\u2022\u2026\u20ac]*")


def escaped(text: str) -> str:
    """`text` so that LaTeX prints it literally, on one line, without ligatures that would hide characters.

    Invisible characters and the ones that turn the reading direction become U+XXXX. Letters beyond ASCII stay as they
    are: Latin ones need T1 fonts, others lualatex or xelatex with a font that has them (see `scripts`).
    """
    return "".join(_SPECIAL.get(c, c) for c in _LIGATURES.sub("\\g<0>\0", visible(text))).replace(
        # A kern, because lualatex sees through empty braces.
        "\0",
        r"\kern0pt{}",
    )


def visible(text: str) -> str:
    """`text` on one line; controls, format characters and lone surrogates as U+XXXX, every odd space as a space."""
    return "".join(_shown(c) for c in one_line(text))


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if character == "\N{NO-BREAK SPACE}" or character in _JOINERS:
        return character
    if category in ("Cf", "Zl", "Zp", "Cn", "Co"):
        return code_point(character)
    return " " if category == "Zs" else character


def western(text: str) -> bool:
    """Whether pdfLaTeX with T1 fonts can print `text`; the marks of `Tokens.display` count as printable."""
    return _WESTERN.fullmatch("".join(c for c in visible(text) if c not in _SPECIAL)) is not None


def right_to_left(text: str) -> bool:
    """Whether `text` holds letters of a script that is written from right to left."""
    return any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)


def wide(character: str) -> bool:
    """Whether lines may break beside this character, as between Chinese or Japanese ones."""
    return unicodedata.east_asian_width(character) in ("W", "F")


def number(value: float) -> str:
    """A number in four digits or as a whole one, with a true minus; a power of ten below 0.001 and from 1e6 on."""
    size = abs(value)
    if size and not 1e-3 <= size < 1e6:
        digits, exponent = f"{value:.3e}".split("e")
        return rf"${float(digits):g}\times 10^{{{int(exponent)}}}$"
    digits = f"{value:.4g}" if size < 9999.5 else f"{value:.0f}"
    return f"${digits}$" if value < 0 else digits
