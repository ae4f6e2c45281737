r"""Coloured text as LaTeX source: every token in a box of its colour, in lines that break between words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from string import ascii_lowercase

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper.negative_marks import below
from gemma2_workbench.figures.spec import Scale, TokenStrip
from gemma2_workbench.figures.text import one_line
from gemma2_workbench.figures.ticks import tick_text
from gemma2_workbench.latex.words import escaped, right_to_left, visible, western, wide
from gemma2_workbench.models.tokens import SPACE

LONGEST_WORD = 24  # characters that stay on one line
_BOX = r"\providecommand{\tokenbox}[3]{\colorbox[HTML]{#1}{\strut\textcolor[HTML]{#2}{#3}}}%"
_TURNED = (
    r"\providecommand{\turned}[1]{\ifdefined\textdir\bgroup\textdir TRT #1\egroup\else"
    r"\ifdefined\beginR\TeXXeTstate=1 \beginR #1\endR\else #1\fi\fi}%"
)
_LATIN = "%   letters beyond ASCII: \\usepackage[T1]{fontenc} with pdflatex, or lualatex, xelatex"
_FONT = (
    "%   and lualatex or xelatex, with \\usepackage{fontspec} and a font that has every script of the text",
    "%   (\\setmainfont{...}); pdflatex has none",
)
# A document of its own takes the first installed font of every group: letters, East Asian signs, pictures.
_LETTERS = ("DejaVu Sans", "FreeSans", "Noto Sans")
_EAST = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Serif CJK SC", "Droid Sans Fallback", "FandolSong-Regular.otf")
_PICTURES = ("Noto Emoji", "Symbola", "Unifont")


def colorbox(strip: TokenStrip, *, document: bool = False, key: bool = True) -> str:
    r"""The strip as LaTeX source: one `\colorbox` per token, on the colours of the figures.

    The tokens of a word stay together, lines break between words. `▁` in front of a token is the space between two
    words; where a token is nothing but spaces, they are shown. Line breaks are shown and made. Tokens without a value
    have no colour. Text is black or white, whichever is readable on the colour; negative values of a diverging scale
    are underlined as well, for grey print. Nothing in a token reaches TeX as a command.

    Args:
        strip: tokens, values and scale.
        document: a complete document instead of a paragraph for one.
        key: a line below with the colours and the quantity.

    Returns:
        Source whose comments name the packages (xcolor) and the engines it needs.
    """
    texts = (*strip.tokens, strip.scale.label, *strip.scale.names, strip.title)
    lines = [*_needs(texts), r"\begingroup\setlength{\fboxsep}{0pt}%", _BOX]
    lines += [_TURNED] if any(map(right_to_left, texts)) else []
    lines += [r"\raggedright\baselineskip=1.25\baselineskip", r"\noindent", *_tokens(strip)]
    if key:
        lines += [r"\par\smallskip\noindent", *_key(strip.scale)]
    body = "\n".join([*lines, r"\par\endgroup", ""])
    comment = f"% {visible(strip.title)}\n" if strip.title else ""
    return _document(comment + body, texts) if document else comment + body


def colorboxes(strips: Sequence[TokenStrip]) -> str:
    """Several texts one after another, each under its letter and title, with one key where they share a scale."""
    shared = all(strip.scale == strips[0].scale for strip in strips)
    parts = []
    for index, strip in enumerate(strips):
        heading = rf"\par\medskip\noindent ({ascii_lowercase[index]}) {escaped(strip.title)}\par\nobreak"
        parts += [heading, colorbox(strip, key=not shared or index == len(strips) - 1)]
    return "\n".join(parts)


def _needs(texts: tuple[str, ...]) -> list[str]:
    """What the preamble must hold, as comments."""
    if not all(map(western, texts)):
        return ["% needs \\usepackage{xcolor}", *_FONT]
    beyond = any(not c.isascii() for text in texts for c in escaped(text))
    return ["% needs \\usepackage{xcolor}", *([_LATIN] if beyond else [])]


def _tokens(strip: TokenStrip) -> list[str]:
    """One source line per token, with what stands between it and the one before."""
    fills = colours.paint(strip.scale, strip.values)
    low = below(strip.scale, strip.values)
    tokens = [one_line(token).replace(" ", SPACE) for token in strip.tokens]
    breakable = _breakable(tokens)
    lines: list[str] = []
    for index, token in enumerate(tokens):
        word = token[1:] if token.startswith(SPACE) and token.strip(SPACE) else token
        if index and word is not token and not tokens[index - 1].endswith("↵"):
            lines[-1] = lines[-1].removesuffix("%")  # the end of the line is the space between two words
        elif index and breakable[index]:
            lines[-1] = lines[-1].removesuffix("%") + r"\allowbreak%"
        known = bool(np.isfinite(strip.values[index]))
        lines.append(_box(word, fills[index] if known else None, bool(low[index])) + "%")
        if token.endswith("↵") and index + 1 < len(tokens):
            lines[-1] = lines[-1].removesuffix("%") + r"\newline%"
    return lines


def _breakable(tokens: list[str]) -> list[bool]:
    """Whether a line may break in front of each token although no space is there."""
    words = re.split(f"(?<=[↵{SPACE}])|(?={SPACE})", "".join(tokens))
    lengths = [len(word) for word in words for _ in word]
    ends = np.cumsum([0, *map(len, tokens)])
    allowed = [False]
    for (before, after), end in zip(pairwise(tokens), ends[1:], strict=False):
        east = bool(before and after) and (wide(before[-1]) or wide(after[0]))
        spaces = bool(before) and not before.strip(SPACE)
        allowed.append(east or spaces or (end < len(lengths) and lengths[end] > LONGEST_WORD))
    return allowed


def _box(word: str, fill: np.ndarray | None, underlined: bool) -> str:
    """A word or a part of one in its colour, underlined if its value is negative."""
    source = escaped(word).replace(" ", r"\ ")
    if right_to_left(word):
        source = rf"\turned{{{source}}}"
    source = rf"\underline{{{source}}}" if underlined else source
    if fill is None:
        return rf"\mbox{{\strut {source}}}"
    return rf"\tokenbox{{{_html(colours.hex_of(fill))}}}{{{_html(colours.ink_on(fill))}}}{{{source}}}"


def _html(colour: str) -> str:
    """A colour as xcolor's model HTML has it."""
    return colour[1:].upper()


def _key(scale: Scale) -> list[str]:
    """Boxes with the round numbers or the categories of the scale, and the quantity."""
    if scale.kind == "categorical":
        values = np.arange(scale.low, scale.high + 1)
        names = [scale.category(code) for code in range(scale.categories)]
    else:
        values = scale.ticks()
        names = [tick_text(float(value)) for value in values]
    fills = colours.paint(scale, values)
    boxes = [
        _box(f" {name} ", fill, bool(low)) + "%"
        for name, fill, low in zip(names, fills, below(scale, values), strict=True)
    ]
    return [*boxes, rf"\enspace {escaped(scale.label)}"]


def _document(body: str, texts: tuple[str, ...]) -> str:
    """A document that holds nothing but `body`, with fonts that can print it as far as they are installed."""
    head = [r"\documentclass{article}", r"\usepackage{iftex,xcolor}"]
    if all(map(western, texts)):
        # Without Latin Modern, T1 letters would be bitmaps.
        head += [r"\ifpdftex\usepackage[T1]{fontenc}\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}\fi"]
    else:
        groups = (_LETTERS, *([_EAST] if any(map(wide, "".join(texts))) else []), _PICTURES)
        known = ["".join(map(_if_installed, group)) + "}" * len(group) for group in groups]
        head += [r"\RequireLuaTeX", r"\usepackage{fontspec}", r"\def\known{}", *known]
        head += [r'\directlua{luaotfload.add_fallback("scripts", {\known})}']
        head += [r"\setmainfont{lmsans10-regular.otf}[RawFeature={fallback=scripts}]"]
    return "\n".join([*head, r"\pagestyle{empty}", r"\begin{document}", body + r"\end{document}", ""])


def _if_installed(font: str) -> str:
    """Add the font to the list if it is there, else what follows."""
    return rf'\IfFontExistsTF{{{font}}}{{\edef\known{{\known"{font}:mode=harf;",}}}}{{'
