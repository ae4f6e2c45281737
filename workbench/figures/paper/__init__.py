"""The paper renderer: every figure specification as PDF, SVG or PNG of an exact width, without a browser.

The same specification gives the same bytes, in every process. Fonts are embedded as Type 42 (TrueType), SVG text stays
text, `$` starts no mathematics. See `fonts` for what happens to characters that DejaVu Sans does not have.
"""

from __future__ import annotations

import io
import threading
from typing import Any

import matplotlib

from gemma2_workbench.figures.paper.fonts import Faces, faces
from gemma2_workbench.figures.paper.page import drawn, measured
from gemma2_workbench.figures.paper.sheet import THINNEST
from gemma2_workbench.figures.paper.venues import RULES, VENUES, WIDTHS, inches, tallest, type_sizes
from gemma2_workbench.figures.spec import FigureSpec, Panel, Panels
from gemma2_workbench.figures.tens import in_tens

__all__ = ["FORMATS", "RULES", "VENUES", "WIDTHS", "height", "inches", "render", "tallest"]

FORMATS = ("pdf", "svg", "png")
# matplotlib's settings are one per process: figures of several threads take turns.
_LOCK = threading.Lock()


def render(
    spec: FigureSpec,
    fmt: str = "pdf",
    width: str | float = "single",
    *,
    venue: str | None = None,
    dpi: int = 300,
    title: bool = False,
    record: str = "",
) -> bytes:
    """`spec` as the bytes of a file.

    Args:
        spec: any figure specification.
        fmt: "pdf", "svg" or "png".
        width: "single", "text", "double" or inches; see `inches`.
        venue: "acl", "icml", ...; its widths and sizes of type apply, see `RULES`.
        dpi: pixels per inch of a PNG, and of pictures inside vector files.
        title: write the title into the figure (papers put it in the caption); panels keep their letters and titles.
        record: text for the file's metadata (PDF subject; SVG and PNG description).

    Raises:
        TypeError: `spec` is not a figure specification.
        ValueError: unknown format, width or venue; the message lists what is allowed.
    """
    spec = _checked(spec)
    if fmt not in FORMATS:
        raise ValueError(f"fmt must be one of {', '.join(FORMATS)}; got {fmt!r}")
    page_width = inches(width, venue)
    # The defaults first: a user's matplotlibrc must not change a figure.
    with _LOCK, matplotlib.rc_context():
        matplotlib.rcdefaults()
        faces_ = faces(spec, type_sizes(venue))
        _set_style(faces_, fmt)
        sheet = drawn(spec, measured(spec, page_width, faces_, title, tallest(venue)), faces_)
        target = io.BytesIO()
        sheet.figure.savefig(target, format=fmt, dpi=dpi, metadata=_metadata(fmt, faces_.printable(spec.title), record))
        return target.getvalue()


def height(spec: FigureSpec, width: str | float = "single", *, venue: str | None = None, title: bool = False) -> float:
    """The height in inches of the figure that `render` draws; see `tallest` for what a page has room for.

    Raises:
        TypeError, ValueError: as `render`.
    """
    spec, page_width = _checked(spec), inches(width, venue)
    with _LOCK, matplotlib.rc_context():
        matplotlib.rcdefaults()
        return measured(spec, page_width, faces(spec, type_sizes(venue)), title, tallest(venue)).height


def _checked(spec: FigureSpec) -> FigureSpec:
    """`spec` with numbers as short as cells need them, or TypeError."""
    if not isinstance(spec, Panel | Panels):
        raise TypeError(f"render takes a figure specification (TokenMap, HeadGrid, ...); got {type(spec).__name__}")
    return in_tens(spec)


def _set_style(faces_: Faces, fmt: str) -> None:
    """Fonts that journals accept and text that stays text, in this thread's turn only."""
    matplotlib.rc("pdf", fonttype=42)
    matplotlib.rc("svg", fonttype="none", hashsalt="figures")
    matplotlib.rc("text", parse_math=False)
    families = faces_.embedded() if fmt == "pdf" else faces_.families
    matplotlib.rc("font", size=faces_.sizes.label, family=list(families))
    matplotlib.rc("hatch", linewidth=THINNEST)


def _metadata(fmt: str, title: str, record: str) -> dict[str, Any]:
    """What a file says about itself, without dates and versions that would change its bytes."""
    words = "Subject" if fmt == "pdf" else "Description"
    known = {"Creator": "gemma2-workbench", "Title": title, words: record}
    undated = {"pdf": "CreationDate", "svg": "Date", "png": "Software"}[fmt]
    return {undated: None} | {name: value for name, value in known.items() if value}
