"""Widths of figures in inches: plain presets and those of venues."""

from __future__ import annotations

import math

_SINGLE, _TEXT, _DOUBLE = "single", "text", "double"
WIDTHS = {_SINGLE: 3.25, _TEXT: 5.5, _DOUBLE: 6.75}
# Column and text width of each venue's style file; the one-column venues have one width for every name.
_COLUMNS = {
    "acl": (3.03, 6.30),
    "icml": (3.25, 6.75),
    "neurips": (5.5, 5.5),
    "iclr": (5.5, 5.5),
    "aaai": (3.3, 6.975),
    "cvpr": (3.25, 6.875),
    "jmlr": (6.0, 6.0),
}
VENUES = {venue: {_SINGLE: one, _TEXT: two, _DOUBLE: two} for venue, (one, two) in _COLUMNS.items()}


def inches(width: str | float = _SINGLE, venue: str | None = None) -> float:
    """The width of a page in inches.

    Args:
        width: "single" (one column), "text" (the text block), "double" (both columns), or a number of inches (2..20).
        venue: the style whose widths apply; None for plain ones.

    Raises:
        ValueError: for an unknown name or a number out of range; the message lists what is allowed.
    """
    if venue is not None and venue not in VENUES:
        raise ValueError(f"venue must be one of {', '.join(VENUES)}; got {venue!r}")
    if isinstance(width, str):
        presets = VENUES[venue] if venue else WIDTHS
        if width not in presets:
            raise ValueError(f"width must be one of {', '.join(presets)} or a number of inches; got {width!r}")
        return presets[width]
    if not math.isfinite(width) or not 2 <= width <= 20:
        raise ValueError(f"width must lie between 2 and 20 inches; got {width}")
    return float(width)
