"""The paper renderer: every figure specification as PDF, SVG or PNG of an exact width, without a browser.

The same specification gives the same bytes, in every process. Fonts are embedded as Type 42 (TrueType), SVG text stays
text, `$` starts no mathematics. See `fonts` for what happens to characters that DejaVu Sans does not have.
"""

from __future__ import annotations

import io
import threading
from typing import Any

import matplotlib

from workbench.figures.paper import panels
from workbench.figures.paper.families import draw_panel, frame_of, keys_of
from workbench.figures.paper.fonts import Faces, faces
from workbench.figures.paper.legend import draw as draw_legend
from workbench.figures.paper.legend import rows as legend_rows
from workbench.figures.paper.sheet import THINNEST, Sheet
from workbench.figures.paper.venues import RULES, VENUES, WIDTHS, inches, letters
from workbench.figures.spec import FigureSpec, Panel, Panels

__all__ = ["FORMATS", "RULES", "VENUES", "WIDTHS", "inches", "render"]

FORMATS = ("pdf", "svg", "png")
_MARGIN = 0.04  # inches around everything
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
    if not isinstance(spec, Panel | Panels):
        raise TypeError(f"render takes a figure specification (TokenMap, HeadGrid, ...); got {type(spec).__name__}")
    if fmt not in FORMATS:
        raise ValueError(f"fmt must be one of {', '.join(FORMATS)}; got {fmt!r}")
    page_width = inches(width, venue)
    # The defaults first: a user's matplotlibrc must not change a figure.
    with _LOCK, matplotlib.rc_context():
        matplotlib.rcdefaults()
        faces_ = faces(spec, letters(venue))
        _set_style(faces_, fmt)
        sheet = _compose(spec, page_width, faces_, title)
        target = io.BytesIO()
        sheet.figure.savefig(target, format=fmt, dpi=dpi, metadata=_metadata(fmt, faces_.printable(spec.title), record))
        return target.getvalue()


def _set_style(faces_: Faces, fmt: str) -> None:
    """Fonts that journals accept and text that stays text, in this thread's turn only."""
    matplotlib.rc("pdf", fonttype=42)
    matplotlib.rc("svg", fonttype="none", hashsalt="figures")
    matplotlib.rc("text", parse_math=False)
    families = faces_.embedded() if fmt == "pdf" else faces_.families
    matplotlib.rc("font", size=faces_.letters.label, family=list(families))
    matplotlib.rc("hatch", linewidth=THINNEST)


def _compose(spec: FigureSpec, width: float, faces_: Faces, title: bool) -> Sheet:
    """Lay the parts out from top to bottom, then draw them: title, plots, legend."""
    inner = width - 2 * _MARGIN
    parts = spec.figures if isinstance(spec, Panels) else (spec,)
    legend = legend_rows([key for part in parts for key in keys_of(part)], inner, faces_)
    size = faces_.letters.title
    top = _MARGIN + (1.6 * size / 72 if title and spec.title else 0.04)
    plan = panels.layout(spec, faces_, inner) if isinstance(spec, Panels) else _alone(spec, faces_, inner)
    bottom = top + plan.height + (0.06 if legend else 0.0)
    sheet = Sheet(width, round(bottom + faces_.letters.line * len(legend) + _MARGIN, 3), faces_)
    if title and spec.title:
        sheet.text(_MARGIN, _MARGIN + 0.96 * size / 72, faces_.fit(spec.title, inner, size), size, weight="bold")
    if isinstance(spec, Panels):
        panels.draw(spec, sheet, plan, _MARGIN, top)
    else:
        draw_panel(spec, sheet, plan.places[0].moved(_MARGIN, top))
    draw_legend(legend, sheet, _MARGIN, bottom)
    return sheet


def _alone(spec: Panel, faces_: Faces, inner: float) -> panels.Layout:
    """The layout of a single figure."""
    frame = frame_of(spec, faces_, inner)
    return panels.Layout([frame.box(0, 0, inner)], [True], [(True, True)], [], frame.height + frame.below)


def _metadata(fmt: str, title: str, record: str) -> dict[str, Any]:
    """What a file says about itself, without dates and versions that would change its bytes."""
    words = "Subject" if fmt == "pdf" else "Description"
    known = {"Creator": "gemma2-workbench", "Title": title, words: record}
    undated = {"pdf": "CreationDate", "svg": "Date", "png": "Software"}[fmt]
    return {undated: None} | {name: value for name, value in known.items() if value}
