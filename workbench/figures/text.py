"""Token text made fit for a label: one line, nothing invisible, nothing that a renderer would obey."""

from __future__ import annotations

import html
import unicodedata

_VISIBLE = {"\n": "↵", "\r": "␍", "\t": "⇥"}
_JOINERS = "\u200c\u200d"  # they shape the letters of many scripts


def one_line(text: str, longest: int = 0) -> str:
    """`text` with line breaks, tabs and other control, format or lone surrogate characters made visible.

    They become U+XXXX, such as those that would turn the direction of the text; joiners stay. With `longest` > 0 more
    characters than that end in an ellipsis.
    """
    shown = "".join(_VISIBLE.get(c) or (code_point(c) if _unseen(c) else c) for c in text)
    return shown[: longest - 1] + "…" if 0 < longest < len(shown) else shown


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in _JOINERS


def code_point(character: str) -> str:
    """The visible escape of one character: U+ and at least four hexadecimal digits."""
    return f"U+{ord(character):04X}"


def for_plotly(text: str, longest: int = 0) -> str:
    """`text` so that plotly shows it literally: its HTML-like tags, entities, `$math$` and `%{fields}` do not apply."""
    # Numeric entities hide these signs from the search for math and fields; plotly decodes them when it draws.
    return html.escape(one_line(text, longest), quote=False).replace("$", "&#36;").replace("%", "&#37;")
