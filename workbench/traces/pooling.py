"""Small pictures of large maps: the cells of a square picture, and how a block of a map fills them.

Letters: T tokens, Q query rows of a block, S keys, N heads, k cells of a side, w positions of a cell.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.model.hooks import Span

THUMBNAIL = 32

# So many cells are reduced one by one, more of them together.
_FEW = 8


@dataclass(frozen=True)
class Cells:
    """The cells of one side of a picture that some positions fall into.

    Attributes:
        places: the numbers of the cells.
        parts: the positions of each, within those given.
        positions: how many positions were given.
    """

    places: range
    parts: tuple[range, ...]
    positions: int

    @classmethod
    def of(cls, positions: range, tokens: int, size: int) -> "Cells":
        """Position i of T belongs to cell i * size // T."""
        places = range(positions.start * size // tokens, (positions.stop - 1) * size // tokens + 1)
        edges = [-(-place * tokens // size) for place in range(places.start, places.stop + 1)]
        within = [min(max(edge, positions.start), positions.stop) - positions.start for edge in edges]
        parts = tuple(range(start, stop) for start, stop in zip(within, within[1:], strict=False))
        return cls(places, parts, len(positions))

    @property
    def slice(self) -> slice:
        """The cells in the picture."""
        return slice(self.places.start, self.places.stop)

    def largest(self, values: Tensor, dim: int) -> Tensor:
        """The largest value of each cell along a dimension."""
        widths = set(map(len, self.parts))
        if widths == {1}:
            return values
        if len(self.parts) <= _FEW:
            parts = [values.narrow(dim, part.start, len(part)).amax(dim) for part in self.parts]
            return torch.stack(parts, dim)
        if len(widths) > 1:
            # Narrower cells name their last position several times.
            width = max(widths)
            index = [part.start + min(at, len(part) - 1) for part in self.parts for at in range(width)]
            values = values.index_select(dim, torch.tensor(index, device=values.device))
        return values.unflatten(dim, (len(self.parts), -1)).amax(dim + 1)

    def membership(self, device: torch.device) -> Tensor:
        """1 where a position belongs to a cell, 0 elsewhere, float32 [cells, positions]."""
        starts = torch.tensor([part.start for part in self.parts], device=device)[:, None]
        stops = torch.tensor([part.stop for part in self.parts], device=device)[:, None]
        at = torch.arange(self.positions, device=device)
        return ((at >= starts) & (at < stops)).float()


def square(most: int) -> Callable[[int], tuple[int, ...]]:
    """The shape of a picture of at most so many cells a side, by the number of tokens."""
    return lambda tokens: (min(tokens, most), min(tokens, most))


def largest_cells(probs_NQS: Tensor, span: Span, tokens: int, most: int) -> Tensor:
    """The largest probability of each cell, 0 outside the block, [N, k, k]; rows first, which leaves few numbers."""
    rows = Cells.of(span.rows, tokens, min(tokens, most))
    return largest_columns(rows.largest(probs_NQS, 1), span, tokens, most)


def largest_columns(by_row_NkS: Tensor, span: Span, tokens: int, most: int) -> Tensor:
    """The same from the largest probability of each column in each cell of rows."""
    size = min(tokens, most)
    rows, keys = (Cells.of(part, tokens, size) for part in (span.rows, span.keys))
    picture_Nkk = by_row_NkS.new_zeros(len(by_row_NkS), size, size)
    picture_Nkk[:, rows.slice, keys.slice] = keys.largest(by_row_NkS, 2)
    return picture_Nkk


def mean_cells(probs_NQS: Tensor, span: Span, tokens: int, most: int) -> Tensor:
    """What the block adds to the mean probability of each cell, hidden ones counted as 0, [N, k, k]."""
    size, device = min(tokens, most), probs_NQS.device
    rows, keys = (Cells.of(part, tokens, size) for part in (span.rows, span.keys))
    edges = torch.tensor([-(-cell * tokens // size) for cell in range(size + 1)], device=device)
    weights = 1 / edges.diff().float()
    picture_Nkk = probs_NQS.new_zeros(len(probs_NQS), size, size)
    by_row_NkS = (rows.membership(device) * weights[rows.slice, None]) @ probs_NQS
    picture_Nkk[:, rows.slice, keys.slice] = by_row_NkS @ (keys.membership(device) * weights[keys.slice, None]).T
    return picture_Nkk
