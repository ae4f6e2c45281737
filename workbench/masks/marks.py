"""One mask as lines of marks: a column per key, or per so many keys where they are too many for the eye.

Plain ASCII, so that sixty keys fit beside their tokens; in a terminal the marks have colours too.
"""

import os
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import IO

import torch
from torch import Tensor

from gemma2_workbench.masks.layers import LayerMask
from gemma2_workbench.masks.words import summary
from gemma2_workbench.model.reason import Reason

MARKS = {
    Reason.VISIBLE: "#",
    Reason.FUTURE: ".",
    Reason.OUTSIDE_WINDOW: "\\",
    Reason.PADDING: "x",
    Reason.OTHER_SEQUENCE: "o",
    Reason.OUTSIDE_CHUNK: "/",
    Reason.NO_SOFTMAX: "-",
}
PARTLY = "+"
# The first four are always told, the others where they occur.
LEGEND = {
    Reason.VISIBLE: "visible",
    Reason.FUTURE: "future",
    Reason.OUTSIDE_WINDOW: "outside window",
    Reason.PADDING: "padding",
    Reason.OTHER_SEQUENCE: "other text",
    Reason.OUTSIDE_CHUNK: "outside chunk",
    Reason.NO_SOFTMAX: "no softmax",
}
_ALWAYS = (Reason.VISIBLE, Reason.FUTURE, Reason.OUTSIDE_WINDOW, Reason.PADDING)
LABEL_CELLS = 14
_LINES, _FOLDED = 64, 40
# Codes of ANSI: visible green, partly cyan, outside the window yellow, padding red, future faint.
_COLOURS = {"#": "32", PARTLY: "36", "\\": "33", "/": "33", "x": "31", "o": "35", "-": "2", ".": "2"}


@dataclass(frozen=True)
class Page:
    """What there is room for.

    Attributes:
        width: columns.
        folds: whether a map of more than 64 lines, or of more than there is room for, is folded to at most 40; else
            what is too wide is cut off.
        colours: whether marks have the colours of a terminal.
    """

    width: int = 100
    folds: bool = False
    colours: bool = False

    @property
    def keys(self) -> int:
        """Columns for the marks."""
        return max(8, self.width - LABEL_CELLS - 16)

    def size(self, rows: int, keys: int) -> int:
        """How many queries and keys a mark stands for."""
        if not self.folds or (rows <= _LINES and keys <= self.keys):
            return 1
        return max(-(-rows // _FOLDED), -(-keys // self.keys))


def has_colours(stream: IO[str]) -> bool:
    """Whether a stream shows colours: a terminal that can, where NO_COLOR (https://no-color.org) does not forbid it."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def legend(page: Page, reasons: Collection[Reason] = ()) -> str:
    """What the marks mean; `reasons` are those that occur."""
    told = (reason for reason in LEGEND if reason in _ALWAYS or reason in reasons)
    return "   ".join(f"{_coloured(MARKS[reason], page)} {LEGEND[reason]}" for reason in told)


def map_text(mask: LayerMask, labels: Sequence[str], page: Page) -> str:
    """One pass: a line per query with its token, its marks and how many keys it sees."""
    rows, keys = mask.call.rows, mask.keys
    size = page.size(len(rows), len(keys))
    if size > 1:
        return _folded(mask, labels, page, size)
    shown = keys[: page.keys]
    indent = " " * (LABEL_CELLS + 7)
    lines = [f"{mask.call.label}: keys {keys.start}-{keys.stop - 1}", f"{indent}{_ruler(shown)}"]
    for at, query in enumerate(rows):
        marks = "".join(MARKS[Reason(code)] for code in mask.reasons[at, : len(shown)].tolist())
        label = fitted(labels[query], LABEL_CELLS)
        lines.append(f" {query:>4} {label} {_coloured(marks, page)} {int(mask.visible[at]):>5}")
    if len(shown) < len(keys):
        lines.append(f"  ... {len(keys) - len(shown)} more keys; a wider terminal or --width shows them")
    return "\n".join(lines if len(rows) == 1 else [*lines, f"  {summary(mask)}"])


def _folded(mask: LayerMask, labels: Sequence[str], page: Page, size: int) -> str:
    """A mark for each square of `size` queries and `size` keys; the token is the first of its line."""
    rows, keys = mask.call.rows, mask.keys
    indent, partly = " " * (LABEL_CELLS + 12), _coloured(PARTLY, page)
    lines = [
        f"{mask.call.label}: keys {keys.start}-{keys.stop - 1}, {size} x {size} cells a mark, {partly} if they differ",
        f"{indent}{_ruler(range(-(-len(keys) // size)), size)}",
    ]
    parts = zip(mask.reasons.split(size), mask.visible.split(size), strict=True)
    for first, (reasons_QS, visible_Q) in zip(rows[::size], parts, strict=True):
        last = first + len(visible_Q) - 1
        marks = "".join(map(_mark, reasons_QS.split(size, dim=1)))
        least, most = int(visible_Q.min()), int(visible_Q.max())
        sees = str(most) if least == most else f"{least}-{most}"
        label = fitted(labels[first], LABEL_CELLS)
        lines.append(f" {first:>4}-{last:<4} {label} {_coloured(marks, page)}  {sees}")
    return "\n".join([*lines, f"  {summary(mask)}"])


def _mark(reasons: Tensor) -> str:
    """One mark for some cells: the commonest reason where none of them is visible."""
    counts = torch.bincount(reasons.flatten().to(torch.int64), minlength=len(Reason))
    if counts[Reason.VISIBLE] == 0 or counts[Reason.VISIBLE] == reasons.numel():
        return MARKS[Reason(int(counts.argmax()))]
    return PARTLY


def _coloured(marks: str, page: Page) -> str:
    """The marks with the codes that colour them, if the page has colours."""
    if not page.colours:
        return marks
    return "".join(f"\033[{_COLOURS[mark]}m{''.join(run)}\033[0m" for mark, run in groupby(marks))


def _ruler(keys: range, size: int = 1) -> str:
    """The position of every tenth key, above its column, and `sees` above the counts."""
    line = [" "] * len(keys)
    for at, key in enumerate(keys):
        number = str(key * size)
        if (key % 10 == 0 or at == 0) and at + len(number) <= len(keys) and line[max(0, at - 1)] == " ":
            line[at : at + len(number)] = number
    return "".join(line) + "  sees"


def fitted(text: str, cells: int) -> str:
    """`text` cut or padded to so many terminal cells; wide characters take two, marks on top of others none."""
    kept, used = "", 0
    for character in text:
        size = 0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used + size > cells:
            break
        kept, used = kept + character, used + size
    return kept + " " * (cells - used)
