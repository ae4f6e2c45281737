"""Token text made fit for a label: one line, nothing invisible, nothing that a renderer would obey."""

from __future__ import annotations

import html
import unicodedata

_VISIBLE = {"\n": "↵", "\r": "␍", "\t": "⇥"}


def one_line(text: str, longest: int = 0) -> str:
    """`text` with line breaks, tabs and other control or lone surrogate characters made visible.

    Control characters become U+XXXX. With `longest` > 0 more characters than that end in an ellipsis.
    """
    shown = "".join(_VISIBLE.get(c) or (code_point(c) if unicodedata.category(c) in ("Cc", "Cs") else c) for c in text)
    return shown[: longest - 1] + "…" if 0 < longest < len(shown) else shown


def code_point(character: str) -> str:
    """The visible escape of one character: U+ and at least four hexadecimal digits."""
    return f"U+{ord(character):04X}"


def for_plotly(text: str, longest: int = 0) -> str:
    """`text` so that plotly shows it literally: its HTML-like tags, entities, `$math$` and `%{fields}` do not apply."""
    # Numeric entities hide these signs from the search for math and fields; plotly decodes them when it draws.
    return html.escape(one_line(text, longest), quote=False).replace("$", "&#36;").replace("%", "&#37;")
