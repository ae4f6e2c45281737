"""Links between two columns of tokens on paper: a curve per link, as strong as its weight, in the look of its head."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.path import Path

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.paper.fonts import Faces
from gemma2_workbench.figures.paper.legend import Key
from gemma2_workbench.figures.paper.sheet import INK, THINNEST, Box, Frame, Sheet
from gemma2_workbench.figures.spec import TokenLinks
from gemma2_workbench.figures.spec.token_links import spread
from gemma2_workbench.figures.ticks import tick_text

_WIDE, _TALL = 2.9, 7.2  # inches: the widest room for curves, the tallest columns whose type is not squeezed
_LONGEST = 0.75  # inches, at most, for a token
_GAP = 0.05  # inches between a token and its curves
_PALEST, _THICKEST = 0.25, 1.6  # how dark a weight of nearly 0 is; points of a weight of 1
_CURVE = (Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4)


def frame(spec: TokenLinks, faces: Faces, width: float) -> Frame:
    """The room of both columns under their names, and of the curves between them."""
    left, right = (_widest(tokens, spec, faces) + _GAP for tokens in (spec.rows, spec.columns))
    height = _head(faces) + _rows(spec) * _pitch(spec, faces)
    return Frame(left, right, 0.02, min(width - left - right, _WIDE), height)


def draw(spec: TokenLinks, sheet: Sheet, box: Box) -> None:
    """Draw names, tokens and curves; `box` is the room between the columns, with a line for the names on top."""
    faces, pitch = sheet.faces, _pitch(spec, sheet.faces)
    top, size = box.top + _head(faces), _size(pitch, faces)
    for tokens, x, side in ((spec.rows, box.left - _GAP, "right"), (spec.columns, box.right + _GAP, "left")):
        for i, token in enumerate(tokens):
            words = faces.fit(token, _LONGEST, size)
            sheet.text(x, top + (i + 0.5) * pitch, words, size, ha=side, va="center_baseline")
    _name_columns(spec, sheet, box)
    axes = sheet.axes(Box(box.left, top, box.width, box.bottom - top), frame=False)
    axes.set(xlim=(0, 1), ylim=(_rows(spec), 0))
    _draw_links(spec, axes)


def keys(spec: TokenLinks) -> list[Key]:
    """Legend entries: the heads, how strong a line means which weight, and what is not drawn."""
    looks = zip(spec.heads, spec.looks, strict=True)
    heads = [Key(name, colours.series(i), dash=_dash(spec, i)) for name, i in looks]
    links = spec.links()
    drawn, low, note = links.weights.size, spec.threshold, " (least drawn)"
    if drawn < links.total:
        low, note = float(links.weights[0]), f" ({drawn} of {links.total} drawn)"
    elif not low:
        low, note = 0.1, ""
    least = _sample(f"{spec.label} {tick_text(float(f'{low:.2g}'))}{note}", low)
    return [*heads, least, _sample("1", 1.0)]


def _sample(name: str, weight: float) -> Key:
    """A line as strong as a link of this weight."""
    shade = colours.hex_of(colours.faded(INK, _PALEST + (1 - _PALEST) * weight))
    return Key(name, shade, dash="solid", thick=float(_thickness(weight)))


def _draw_links(spec: TokenLinks, axes: Axes) -> None:
    """One collection, the strongest link on top whichever head it is of; pale colours instead of transparent ones.

    Transparent lines would add up where many cross, and look stronger than any of them is.
    """
    links = spec.links()
    looks = np.asarray(spec.looks)[links.heads]
    aside = spread(len(spec.heads))[links.heads] + 0.5
    shades = _PALEST + (1 - _PALEST) * links.weights
    paths = [
        Path([(0, start), (0.4, start), (0.6, stop), (1, stop)], _CURVE)
        for start, stop in zip(links.rows + aside, links.columns + aside, strict=True)
    ]
    lines = PathCollection(
        paths,
        facecolors="none",
        edgecolors=[colours.faded(colours.series(i), s) / 255 for i, s in zip(looks, shades, strict=True)],
        linewidths=_thickness(links.weights),
        linestyles=[_dash(spec, i) for i in looks],
        clip_on=False,
    )
    axes.add_collection(lines, autolim=False)


def _dash(spec: TokenLinks, look: int) -> str:
    """The dash of a head; one alone needs none to be told apart, and solid lines show their strength best."""
    return colours.dash(look)[1] if len(spec.heads) > 1 else "solid"


def _thickness(weight: float | np.ndarray) -> float | np.ndarray:
    """Points of a line of this weight."""
    return THINNEST + (_THICKEST - THINNEST) * weight


def _name_columns(spec: TokenLinks, sheet: Sheet, box: Box) -> None:
    """What the columns are, above them; without what stands in brackets where both do not fit side by side."""
    faces, label = sheet.faces, sheet.sizes.label
    left = box.left - _GAP - _widest(spec.rows, spec, faces)
    right = box.right + _GAP + _widest(spec.columns, spec, faces)
    names = [faces.printable(name) for name in (spec.row_label, spec.column_label)]
    if sum(faces.width(name, label) for name in names) + 0.15 > right - left:
        names = [faces.fit(name.split(" (")[0], (right - left) / 2, label) for name in names]
    for name, x, side in zip(names, (left, right), ("left", "right"), strict=True):
        sheet.text(x, box.top + 1.05 * label / 72, name, ha=side)


def _rows(spec: TokenLinks) -> int:
    return max(len(spec.rows), len(spec.columns))


def _head(faces: Faces) -> float:
    """Inches for the names of the columns."""
    return faces.sizes.line + 0.04


def _pitch(spec: TokenLinks, faces: Faces) -> float:
    """Inches from one token to the next: a line of type, less where there are many, never less than is legible."""
    sizes = faces.sizes
    return max(min(1.3 * sizes.tick / 72, _TALL / _rows(spec)), 1.12 * sizes.smallest / 72)


def _size(pitch: float, faces: Faces) -> float:
    """Points of a token in a row of this height."""
    return min(max(72 * pitch / 1.15, faces.sizes.smallest), faces.sizes.tick)


def _widest(tokens: tuple[str, ...], spec: TokenLinks, faces: Faces) -> float:
    """Inches of the widest token of a column."""
    size = _size(_pitch(spec, faces), faces)
    return max(faces.width(faces.fit(token, _LONGEST, size), size) for token in tokens)
