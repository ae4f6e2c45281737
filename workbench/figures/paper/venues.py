"""What venues ask of figures: widths and the page's height in inches and sizes of type, with the source of the latter.

The heights are those of the style files as remembered, not looked up; only a remark about tall figures hangs on them.
All of them refuse Type 3 fonts and want every font embedded, which holds for every figure here. Lines are 0.5 points or
thicker everywhere, as ICML and AAAI ask. AAAI also asks for CMYK colours, which matplotlib does not write.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_SINGLE, _TEXT, _DOUBLE = "single", "text", "double"
WIDTHS = {_SINGLE: 3.25, _TEXT: 5.5, _DOUBLE: 6.75}
_PAGE, _CAPTION = 9.0, 0.5  # inches: the text of a page of no venue, and what a caption takes of it


@dataclass(frozen=True)
class TypeSizes:
    """Sizes of type in points.

    Attributes:
        smallest: nothing is ever smaller; what does not fit at this size is thinned out or left away.
        tick: numbers and tokens along an axis, where there is room for it.
        label: names of axes, scales and panels.
        title: the title, if one is asked for.
        serif: Times-like type (STIX) instead of DejaVu Sans.
    """

    smallest: float = 6.0
    tick: float = 7.0
    label: float = 8.0
    title: float = 9.0
    serif: bool = False

    def __post_init__(self) -> None:
        """Check the order of the sizes and the floor that no figure goes below; ValueError names them."""
        if not 6 <= self.smallest <= self.tick <= self.label <= self.title:
            raise ValueError(f"sizes of type must rise from 6 points: smallest, tick, label, title; got {self}")

    @property
    def line(self) -> float:
        """Inches from one line of labels to the next."""
        return 1.26 * self.label / 72

    @property
    def tick_line(self) -> float:
        """Inches that a line of numbers along an axis takes."""
        return 1.24 * self.tick / 72

    @property
    def small_line(self) -> float:
        """Inches that a line of the smallest type takes with a little air."""
        return 1.56 * self.smallest / 72


@dataclass(frozen=True)
class Venue:
    """One venue.

    Attributes:
        single, double: width of a column and of the text block in inches; equal for one-column venues.
        page: height of the text of a page in inches.
        sizes: the type that follows from what it asks.
        asks: its words on type in figures, as short as they can be.
        source: where they stand.
    """

    single: float
    double: float
    page: float
    sizes: TypeSizes
    asks: str
    source: str


RULES = {
    "acl": Venue(
        3.03,
        6.30,
        9.72,
        TypeSizes(7, 9, 10, 11, serif=True),
        "Figures in the document's 11 points 'whenever possible', clearly readable on A4; text in Times Roman; all "
        "fonts embedded; readable in grey, nothing by colour alone.",
        "acl-org.github.io/ACLPUB/formatting.html: Fonts, Figures and tables, File Format",
    ),
    "icml": Venue(
        3.25,
        6.75,
        9.0,
        TypeSizes(7, 8, 9, 10, serif=True),
        "Embedded fonts, no Type 3 (Type 1 preferred); lines dark and at least 0.5 points; no title inside the figure; "
        "names on all axes; 10 point Times text, 9 point captions.",
        "icml2025 example_paper.tex: Submitting Final Camera-Ready Copy; Figures",
    ),
    "neurips": Venue(
        5.5,
        5.5,
        9.0,
        TypeSizes(7, 8, 9, 10, serif=True),
        "Only Type 1 or embedded TrueType fonts; legible, lines dark enough to reproduce; Times New Roman is the "
        "preferred typeface throughout; makes sense in black and white.",
        "neurips_2025.tex: General formatting instructions; Figures; Preparing PDF files",
    ),
    "iclr": Venue(
        5.5,
        5.5,
        9.0,
        TypeSizes(7, 8, 9, 10, serif=True),
        "Neat, clean and legible, lines dark enough to reproduce; Times New Roman is the preferred typeface "
        "throughout; makes sense in black and white.",
        "iclr2026_conference.tex: General formatting instructions; Figures",
    ),
    "aaai": Venue(
        3.3,
        6.975,
        9.0,
        TypeSizes(9, 9, 10, 11, serif=True),
        "Text in illustrations at least 9 points, in Times Roman or Helvetica; no Type 3, all fonts embedded; lines at "
        "least 0.5 points; contrast 4.5:1; 300 dpi; readable in grey.",
        "AAAI-26 author kit, formatting instructions: Type Font and Size; Illustrations and Figures",
    ),
    "cvpr": Venue(
        3.25,
        6.875,
        8.875,
        TypeSizes(8, 9, 10, 11, serif=True),
        "Fonts in figures match the body (10 point Times); resolvable in print without zooming; a second feature "
        "beside colour.",
        "github.com/cvpr-org/author-kit sec/2_formatting.tex: Illustrations, graphs, and photographs; Color",
    ),
    "jmlr": Venue(
        6.0,
        6.0,
        8.5,
        TypeSizes(7, 8, 9, 10),
        "No rule on type in figures was found.",
        "jmlr.org/format/authors-guide.html",
    ),
}
VENUES = {name: {_SINGLE: rule.single, _TEXT: rule.double, _DOUBLE: rule.double} for name, rule in RULES.items()}


def type_sizes(venue: str | None = None) -> TypeSizes:
    """The type that `venue` asks for; small sans-serif type without one. ValueError for an unknown name."""
    return TypeSizes() if venue is None else RULES[_known(venue)].sizes


def tallest(venue: str | None = None) -> float:
    """The height in inches of the tallest figure that a page of `venue` holds with its caption.

    Raises:
        ValueError: for an unknown venue.
    """
    return (_PAGE if venue is None else RULES[_known(venue)].page) - _CAPTION


def inches(width: str | float = _SINGLE, venue: str | None = None) -> float:
    """The width of a page in inches.

    Args:
        width: "single" (one column), "text" (the text block), "double" (both columns), or a number of inches (2..20).
        venue: the style whose widths apply; None for plain ones.

    Raises:
        ValueError: for an unknown name or a number out of range; the message lists what is allowed.
    """
    presets = WIDTHS if venue is None else VENUES[_known(venue)]
    if isinstance(width, str):
        if width not in presets:
            raise ValueError(f"width must be one of {', '.join(presets)} or a number of inches; got {width!r}")
        return presets[width]
    if not math.isfinite(width) or not 2 <= width <= 20:
        raise ValueError(f"width must lie between 2 and 20 inches; got {width}")
    return float(width)


def _known(venue: str) -> str:
    if venue not in RULES:
        raise ValueError(f"venue must be one of {', '.join(RULES)}; got {venue!r}")
    return venue
