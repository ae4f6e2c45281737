"""Several panels on one sheet, in rows, each under its letter: (a), (b), ..."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase

from workbench.figures.paper import maps
from workbench.figures.paper.families import draw_panel, frame_of
from workbench.figures.paper.fonts import Faces
from workbench.figures.paper.frame import Frame
from workbench.figures.paper.sheet import LABEL, Box, Sheet
from workbench.figures.scale import Scale
from workbench.figures.spec import Panels, TokenMap

_HEAD = 0.19  # inches above a panel for its letter
_GAP = 0.16  # inches between panels
_LEAST = 0.5  # inches: no plot is narrower; there are fewer columns then


@dataclass(frozen=True)
class Layout:
    """Where every panel goes, relative to the top of all panels, and what is written once for all of them."""

    places: list[Box]
    bars: list[bool]
    outers: list[tuple[bool, bool]]
    height: float


def layout(spec: Panels, faces: Faces, width: float) -> Layout:
    """As many columns as the specification says, or fewer where the plots would become too narrow to read.

    Maps of the same tokens share labels, and their bar if they share the scale; others stand on their own.
    """
    for columns in range(min(spec.columns, len(spec.figures)), 1, -1):
        plan = _layout(spec, faces, width, columns)
        if min(place.width for place in plan.places) >= _LEAST:
            return plan
    return _layout(spec, faces, width, 1)


def _layout(spec: Panels, faces: Faces, width: float, columns: int) -> Layout:
    """The layout with exactly so many columns."""
    common = spec.shared_tokens()
    if common is not None:
        scales = [panel.scale for panel in spec.figures if isinstance(panel, TokenMap)]
        return _linked(common, scales, faces, width, columns)
    room = (width - _GAP * (columns - 1)) / columns
    frames = [frame_of(panel, faces, room) for panel in spec.figures]
    places: list[Box] = []
    top = 0.0
    for start in range(0, len(frames), columns):
        row = frames[start : start + columns]
        for column, frame in enumerate(row):
            left = column * (room + _GAP) + _aligned(frame, frames[column::columns], room)
            places.append(Box(left, top + _HEAD, frame.width, frame.height))
        top += _HEAD + max(frame.height + frame.below for frame in row) + _GAP / 2
    count = len(frames)
    return Layout(places, [True] * count, [(True, True)] * count, top - _GAP / 2)


def _aligned(frame: Frame, column: list[Frame], room: float) -> float:
    """How far from the left end of its column a plot starts, so that plots stand below each other where they can."""
    slack = room - max(other.left + other.width + other.right for other in column)
    left = min(max(other.left for other in column), room - frame.width - frame.right - slack)
    return max(left, frame.left) + slack / 2


def _linked(first: TokenMap, scales: list[Scale], faces: Faces, width: float, columns: int) -> Layout:
    """Equal maps: row labels at the left edge, column labels under the last of each column, bars as needed."""
    frame = maps.frame(first, faces, width, scales, columns, _GAP / 2)
    shared = len(set(scales)) == 1
    pitch = frame.width + _GAP / 2 + (0 if shared else frame.right)
    start = frame.box(0, 0, width - (columns - 1) * pitch).left
    places, outers, bars = [], [], []
    for i in range(len(scales)):
        row, column = divmod(i, columns)
        top = _HEAD + row * (frame.height + _HEAD)
        places.append(Box(start + column * pitch, top, frame.width, frame.height))
        outers.append((i + columns >= len(scales), column == 0))
        bars.append(not shared or i == columns - 1)
    rows = -(-len(scales) // columns)
    return Layout(places, bars, outers, rows * (frame.height + _HEAD) + frame.below)


def draw(spec: Panels, sheet: Sheet, plan: Layout, left: float, top: float, titles: bool) -> None:
    """Draw every panel under its letter, and under its title if `titles`."""
    for i, panel in enumerate(spec.figures):
        box = plan.places[i].moved(left, top)
        draw_panel(panel, sheet, box, plan.bars[i], plan.outers[i])
        letter = f"({_letter(i)})"
        sheet.text(box.left, box.top - 0.06, letter, LABEL, weight="bold")
        if titles and panel.title:
            words = sheet.faces.fit(panel.title, box.width - 0.2, LABEL)
            sheet.text(box.left + 0.22, box.top - 0.06, words, LABEL)


def _letter(i: int) -> str:
    """a, b, ..., z, aa, ab, ..."""
    return (ascii_lowercase[i // 26 - 1] if i >= 26 else "") + ascii_lowercase[i % 26]
