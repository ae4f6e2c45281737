"""Several panels on one sheet, in rows, each under its letter and its title: (a) ..., (b) ..."""

from __future__ import annotations

from dataclasses import dataclass

from gemma2_workbench.figures.paper import colorbar, token_map
from gemma2_workbench.figures.paper.dispatch import draw_panel, frame_of
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.sheet import Box, Frame, Sheet
from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.spec import Panels, TokenMap, TokenStrip

_GAP = 0.16  # inches between panels
_LEAST, _LEAST_ALONE = 0.5, 0.9  # inches: no plot is narrower, with shared labels and without; columns are fewer then,
# but where no page would hold them those without shared labels may be as narrow as others
_SQUEEZES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)  # of the plots' heights


@dataclass(frozen=True)
class Heading:
    """A panel's letter and the lines of its title; `left` is where they start."""

    left: float
    letter: str
    lines: list[str]


@dataclass(frozen=True)
class Layout:
    """Where every panel goes, relative to the top of all panels, and what is written once for all of them."""

    places: list[Box]
    bars: list[bool]
    outers: list[tuple[bool, bool]]
    headings: list[Heading]
    height: float
    shared_names: Frame | None = None  # axes are named once for all panels, whose common frame this is


def layout(spec: Panels, faces: Faces, width: float, tallest: float) -> Layout:
    """As many columns as the specification says, or fewer where the plots would become too narrow to read.

    Maps of the same tokens share labels, and their bar if they share the scale; others stand on their own. Panels that
    stack higher than `tallest` inches become lower, or else narrower, if that is enough and leaves them legible.
    """
    plans = (_fitting(spec, faces, width, squeeze, alone) for alone in (_LEAST_ALONE, _LEAST) for squeeze in _SQUEEZES)
    first = next(plans)
    return first if first.height <= tallest else next((plan for plan in plans if plan.height <= tallest), first)


def _fitting(spec: Panels, faces: Faces, width: float, squeeze: float, alone: float) -> Layout:
    """The layout with as many columns as leave the plots wide enough: `alone` inches without shared labels."""
    common = spec.shared_tokens()
    for columns in range(min(spec.columns, len(spec.figures)), 0, -1):
        if common is None:
            plan, least = _separate(spec, faces, width, columns, squeeze), alone
        else:
            plan, least = _linked(spec, common, faces, width, columns, squeeze), _LEAST
        if columns == 1 or min(place.width for place in plan.places) >= least:
            return plan
    raise AssertionError("a layout with one column always exists")


def _separate(spec: Panels, faces: Faces, width: float, columns: int, squeeze: float) -> Layout:
    """Panels with their own labels; one bar beside the first row if all have one scale."""
    shared = _common_bar(spec)
    count = len(spec.figures)
    lying = isinstance(spec.figures[0], TokenStrip)
    owner = count - 1 if lying else columns - 1
    bars = [shared is None or i == owner for i in range(count)]
    aside, room, frames = 0.0, width, []
    for _ in range(3):  # the bar's name wraps by the height of its plot, which hangs on the bar's room
        room = (width - aside - _GAP * (columns - 1)) / columns
        own = [shared is None or (lying and bars[i]) for i in range(count)]
        frames = [
            frame_of(panel, faces, room, with_bar, squeeze) for panel, with_bar in zip(spec.figures, own, strict=True)
        ]
        aside = 0.0 if shared is None or lying else colorbar.room(shared, faces, frames[min(owner, count - 1)].height)
    headings = [_heading(spec, i, faces, (i % columns) * (room + _GAP), room) for i in range(count)]
    places: list[Box] = []
    top = 0.0
    for start in range(0, count, columns):
        row = frames[start : start + columns]
        head = _head(headings[start : start + columns], faces)
        for column, frame in enumerate(row):
            left = column * (room + _GAP) + _aligned(frame, frames[column::columns], room)
            places.append(Box(left, top + head, frame.width, frame.height))
        top += head + max(frame.height + frame.below for frame in row) + _GAP / 2
    return Layout(places, bars, [(True, True)] * count, headings, top - _GAP / 2)


def _common_bar(spec: Panels) -> Scale | None:
    """The scale of the one bar for all panels, if they have one in common that needs a bar."""
    shared = spec.shared_scale()
    return None if shared is None or shared.kind == "categorical" or len(spec.figures) == 1 else shared


def _aligned(frame: Frame, column: list[Frame], room: float) -> float:
    """How far from the left end of its column a plot starts, so that plots stand below each other where they can."""
    slack = room - max(other.left + other.width + other.right for other in column)
    left = min(max(other.left for other in column), room - frame.width - frame.right - slack)
    return max(left, frame.left) + slack / 2


def _linked(spec: Panels, first: TokenMap, faces: Faces, width: float, columns: int, squeeze: float) -> Layout:
    """Equal maps: row labels at the left edge, column labels under the last of each column, bars as needed."""
    scales = [panel.scale for panel in spec.figures if isinstance(panel, TokenMap)]
    frame = token_map.frame(first, faces, width, scales, columns, _GAP / 2, squeeze=squeeze)
    shared = len(set(scales)) == 1
    pitch = frame.width + _GAP / 2 + (0 if shared else frame.right)
    if columns > 1:
        # Titles of small maps take what room the page has left, so that no word is broken without need.
        spare = (width - frame.left - frame.width - frame.right) / (columns - 1)
        pitch = max(pitch, min(spare, _longest_word(spec, faces) + 0.06))
    start = frame.box(0, 0, width - (columns - 1) * pitch).left
    count = len(scales)
    headings = [_heading(spec, i, faces, start + (i % columns) * pitch, pitch - 0.05) for i in range(count)]
    places: list[Box] = []
    top = 0.0
    for i in range(count):
        row, column = divmod(i, columns)
        if column == 0:
            top += frame.height + _GAP / 2 if row else 0.0
            top += _head(headings[i : i + columns], faces)
        places.append(Box(start + column * pitch, top, frame.width, frame.height))
    outers = [(i + columns >= count, i % columns == 0) for i in range(count)]
    bars = [not shared or i == min(columns, count) - 1 for i in range(count)]
    return Layout(places, bars, outers, headings, top + frame.height + frame.below, frame)


def _heading(spec: Panels, i: int, faces: Faces, left: float, room: float) -> Heading:
    """Letter and title of panel `i`, which may be `room` inches wide."""
    letter, size = spec.letter(i), faces.sizes.label
    room -= _indent(letter, faces)
    return Heading(left, letter, faces.balanced(spec.figures[i].title, room, size) if spec.figures[i].title else [])


def _indent(letter: str, faces: Faces) -> float:
    """How far right of its bold letter a title starts, in inches."""
    return 1.15 * faces.width(letter, faces.sizes.label) + 0.04 if letter else 0.0


def _longest_word(spec: Panels, faces: Faces) -> float:
    """Inches of the widest word of a title behind its letter."""
    size = faces.sizes.label
    words = [faces.wrap(panel.title, 0, size) for panel in spec.figures]
    widths = [max(faces.width(word, size) for word in titled) for titled in words]
    return max(_indent(spec.letter(i), faces) + width for i, width in enumerate(widths))


def _head(headings: list[Heading], faces: Faces) -> float:
    """The room above a row of panels."""
    lines = max(max(len(heading.lines), bool(heading.letter)) for heading in headings)
    return 0.06 + faces.sizes.line * lines if lines else 0.04


def draw(spec: Panels, sheet: Sheet, plan: Layout, left: float, top: float) -> None:
    """Draw every panel under its letter and title, from (left, top) of the sheet."""
    line = sheet.sizes.line
    for i, panel in enumerate(spec.figures):
        box = plan.places[i].moved(left, top)
        draw_panel(panel, sheet, box, plan.bars[i], plan.outers[i], named=plan.shared_names is None)
        heading = plan.headings[i]
        start = left + heading.left
        first = box.top - 0.05 - line * (max(len(heading.lines), 1) - 1)
        sheet.text(start, first, heading.letter, weight="bold")
        for number, words in enumerate(heading.lines):
            sheet.text(start + _indent(heading.letter, sheet.faces), first + number * line, words)
    first = spec.shared_tokens()
    if plan.shared_names is not None and first is not None:
        boxes = [place.moved(left, top) for place in plan.places]
        # The names go with the labels: below the last row, which may be shorter than the others.
        last = [box for box in boxes if box.top == boxes[-1].top]
        token_map.name_axes(first, sheet, _around(boxes), plan.shared_names, _around(last))


def _around(boxes: list[Box]) -> Box:
    """The smallest box that holds all these."""
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)
