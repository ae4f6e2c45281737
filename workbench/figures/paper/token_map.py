"""Token maps on paper: square cells, hatched where hidden, as many token labels as fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper import colorbar, negative_marks
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import Box, Frame, Sheet, show_cells
from gemma2_workbench.figures.regions import outlines
from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.spec import TokenMap

_CELL = 0.4  # a cell's largest side in inches, unless the map would be under _SMALL
_SMALL, _TALL = 0.8, 6.5  # a map's least and largest height in inches
_LONGEST = 0.65  # inches, at most, for a token label
_MEASURED = 40  # tokens, the longest by characters, whose width is measured


def frame(
    spec: TokenMap,
    faces: Faces,
    width: float,
    scales: Sequence[Scale] = (),
    across: int = 1,
    gap: float = 0,
    with_bar: bool = True,
    squeeze: float = 1.0,
) -> Frame:
    """The room of one map, or of `across` maps of the same tokens side by side, `gap` inches apart.

    `scales` are those of all the maps (by default the map's own). One common scale has one bar on the right; with
    different scales every map has its bar, and the frame's `right` is the room of one bar. `squeeze` makes maps
    smaller.
    """
    rows, columns = spec.values.shape
    cell = max(_CELL, _SMALL / max(rows, columns))
    bars = 1 if len(set(scales)) <= 1 else across
    left, right, height, plot = 0.0, 0.0, 0.5 * width, 0.6 * width
    for _ in range(5):  # labels and the bar's name depend on the size of the plot, which is what they leave over
        left = faces.sizes.line + 0.08 + _Labels.fitting(spec.rows, height, faces).widest
        rooms = [colorbar.room(scale, faces, height) for scale in dict.fromkeys(scales or (spec.scale,))]
        right = max(rooms) if with_bar else 0.04
        plot = squeeze * min((width - left - bars * right - gap * (across - 1)) / across, cell * columns)
        height = min(max(plot * rows / columns, squeeze * min(_SMALL, cell * rows)), _TALL)
    labels = _Labels.fitting(spec.columns, plot, faces)
    below = labels.depth(plot, faces) + 0.06 + faces.sizes.line
    return Frame(left, right, below, plot, height)


def draw(
    spec: TokenMap,
    sheet: Sheet,
    box: Box,
    with_bar: bool = True,
    outer: tuple[bool, bool] = (True, True),
    named: bool = True,
) -> None:
    """Draw the map into `box`; `outer` says whether x labels and y labels are written, `named` whether the axes are."""
    rows, columns = spec.values.shape
    axes = sheet.axes(box)
    edges = (-0.5, columns - 0.5, rows - 0.5, -0.5)
    show_cells(axes, colours.paint(spec.scale, spec.values), edges)
    hidden = spec.hidden()
    for reason in np.unique(hidden[hidden != 0]).tolist():
        _hatch(axes, hidden == reason, reason)
    negative_marks.dash(axes, box, spec.scale, spec.values, (-0.5, -0.5))
    if spec.mark is not None:
        _outline(axes, spec.mark[1] - spec.column_start, spec.mark[0] - spec.row_start)
    axes.set(xlim=edges[:2], ylim=edges[2:])
    _label_columns(spec, sheet, axes, box, outer[0])
    _label_rows(spec, sheet, axes, box, outer[1])
    if named:
        name_axes(spec, sheet, box, Frame(0, 0, 0, box.width, box.height))
    if with_bar:
        colorbar.draw(spec.scale, sheet, box)


def name_axes(spec: TokenMap, sheet: Sheet, box: Box, frame: Frame, last: Box | None = None) -> None:
    """Write the names of the axes below and left of `box`, which holds maps of the size in `frame`.

    `last` holds the maps of the last row, if it is not the whole box.
    """
    low = last or box
    faces, sizes = sheet.faces, sheet.sizes
    deep = _Labels.fitting(spec.columns, frame.width, faces).depth(frame.width, faces)
    place = low.left + low.width / 2, low.bottom + deep + 0.06 + sizes.label / 72
    sheet.text(*place, _short(spec.x_label, low.width + 0.3, faces), ha="center")
    wide = _Labels.fitting(spec.rows, frame.height, faces).widest
    words = _short(spec.y_label, box.height + 0.3, faces)
    sheet.text(box.left - wide - 0.08, box.top + box.height / 2, words, rotation=90, ha="right", va="center")


def _short(name: str, room: float, faces: Faces) -> str:
    """An axis name, without what stands in brackets where that does not fit into `room` inches."""
    size = faces.sizes.label
    fits = faces.width(faces.printable(name), size) <= room
    return faces.printable(name) if fits else faces.fit(name.split(" (")[0], room, size)


def keys(spec: TokenMap) -> list[Key]:
    """Legend entries: the reasons for hidden cells, and categories."""
    hidden = spec.hidden()
    looks = [colours.hidden(reason) for reason in np.unique(hidden[hidden != 0]).tolist()]
    reasons = [Key(f"hidden: {look.name}", look.fill, look.hatch, look.line) for look in looks]
    return [*colorbar.keys(spec.scale), *negative_marks.keys(spec.scale, spec.values), *reasons]


@dataclass(frozen=True)
class _Labels:
    """Every `step`-th label of an axis at `size` points, so that neighbours do not touch; the widest in inches."""

    step: int
    size: float
    words: list[str]
    widest: float

    @classmethod
    def fitting(cls, labels: tuple[str, ...], length: float, faces: Faces) -> _Labels:
        """What fits on `length` inches."""
        pitch, smallest = 72 * length / len(labels), faces.sizes.smallest
        size = min(max(pitch / 1.15, smallest), faces.sizes.tick)
        step = max(math.ceil(1.15 * smallest / pitch - 1e-9), 1)
        # The room is for all labels, shown or not: it must not hang on the step, which hangs on the room.
        long = sorted(set(labels), key=lambda label: (len(label), label))[-_MEASURED:]
        widest = max(faces.width(faces.fit(label, _LONGEST, size), size) for label in long)
        return cls(step, size, [faces.fit(label, _LONGEST, size) for label in labels[::step]], widest)

    def rotated(self, length: float, faces: Faces) -> bool:
        """Whether labels along a horizontal axis must stand upright because they are wider than their places."""
        place = length / len(self.words)
        return any(faces.width(word, self.size) + 0.05 > place for word in self.words)

    def depth(self, length: float, faces: Faces) -> float:
        """Inches below a horizontal axis."""
        return self.widest if self.rotated(length, faces) else faces.sizes.tick_line


def _label_columns(spec: TokenMap, sheet: Sheet, axes: Axes, box: Box, shown: bool) -> None:
    labels = _Labels.fitting(spec.columns, box.width, sheet.faces)
    upright = labels.rotated(box.width, sheet.faces)
    axes.set_xticks(np.arange(0, len(spec.columns), labels.step))
    words = labels.words if shown else [""] * len(labels.words)
    axes.set_xticklabels(words, size=labels.size, rotation=90 if upright else 0)


def _label_rows(spec: TokenMap, sheet: Sheet, axes: Axes, box: Box, shown: bool) -> None:
    labels = _Labels.fitting(spec.rows, box.height, sheet.faces)
    axes.set_yticks(np.arange(0, len(spec.rows), labels.step))
    axes.set_yticklabels(labels.words if shown else [""] * len(labels.words), size=labels.size, va="center_baseline")


def _outline(axes: Axes, column: int, row: int) -> None:
    """A dark line on a light one shows on any colour."""
    for colour, width in ((colours.LIGHT.page, 1.8), (colours.LIGHT.ink, 0.8)):
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=colour, linewidth=width, clip_on=False))


def _hatch(axes: Axes, mask: np.ndarray, reason: int) -> None:
    """Fill and hatch the cells of a mask as one shape."""
    look = colours.hidden(reason)
    loops = outlines(mask)
    codes = [code for loop in loops for code in (Path.MOVETO, *[Path.LINETO] * (len(loop) - 2), Path.CLOSEPOLY)]
    shape = Path(np.vstack(loops) - 0.5, codes)
    axes.add_patch(PathPatch(shape, facecolor=look.fill, edgecolor=look.line, hatch=look.hatch, linewidth=0))
