"""`Examples`: for every head and statistic its strongest and weakest places in the texts, and a sample of others.

What is kept does not depend on the order of the texts: the order of places is their value, then their document, its
piece and the query, and a sample is drawn by a hash of the document. A text gives one place of each head and side.

Letters: F statistics of queries, L layers, N heads, B texts of a batch, k kept, W keys of a row around its peak.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from gemma2_workbench.sweeps.statistics import OF_QUERIES

WIDTH = 24
STRATA = 5
SIDES = ("top", "bottom", *(f"stratum {number}" for number in range(STRATA)))


@dataclass(frozen=True, eq=False)
class Places:
    """Places in the texts, [..., k]; those that are kept best first.

    Attributes:
        rank: what they are ordered by, smallest first; infinite where there is none.
        document, piece: which text, and which window of it.
        query: the position in the window.
        value: the statistic.
        peak: the position of the most attended key.
        first: the first key of `row`.
        row: the probabilities from there on, float32 [..., k, W]; 0 behind the last key.
    """

    rank: np.ndarray
    document: np.ndarray
    piece: np.ndarray
    query: np.ndarray
    value: np.ndarray
    peak: np.ndarray
    first: np.ndarray
    row: np.ndarray

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Self:
        """No places yet."""
        whole = {name: np.zeros(shape, np.int64) for name in ("document", "piece", "query", "peak", "first")}
        return cls(
            rank=np.full(shape, np.inf),
            value=np.full(shape, np.nan),
            row=np.zeros((*shape, WIDTH), np.float32),
            **whole,
        )

    def join(self, other: "Places") -> None:
        """Take those of another one that are better; shapes are alike but for the number of places."""
        # Picked before anything else, for those of another one lie scattered: to lay all of them out would take longer.
        better = self._comes_before(other).nonzero()
        if not len(better[0]):
            return
        joined = {
            name: np.concatenate([getattr(each, name)[better] for each in (self, other)], axis=1)
            for name in self._names()
        }
        order = np.lexsort([joined[name] for name in ("query", "piece", "document", "rank")])[:, : self.rank.shape[-1]]
        for name, values in joined.items():
            at = order if values.ndim == 2 else order[..., None]
            getattr(self, name)[better] = np.take_along_axis(values, at, axis=1)

    def _comes_before(self, other: "Places") -> np.ndarray:
        """Where one of the other ones is better than the last here."""
        before = np.zeros(other.rank.shape, bool)
        level = np.isfinite(other.rank)
        for name in ("rank", "document", "piece", "query"):
            own, their = getattr(self, name)[..., -1:], getattr(other, name)
            before |= level & (their < own)
            level &= their == own
        return before.any(-1)

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))


@dataclass(frozen=True, eq=False)
class Extremes:
    """The largest and the smallest value of each head in some texts, and their rows, [2, F, L, N, B] and [..., B, W].

    Attributes:
        value: NaN where no query has the statistic.
        query, peak, first, row: see `Places`.
    """

    value: np.ndarray
    query: np.ndarray
    peak: np.ndarray
    first: np.ndarray
    row: np.ndarray

    def places(self, side: int, rank: np.ndarray, which: Sequence[tuple[int, int]]) -> Places:
        """One place for every head and text, [F, L, N, B].

        Args:
            side: 0 for the largest values, 1 for the smallest.
            rank: [F, L, N, B].
            which: document and piece of each text.
        """
        document, piece = (np.broadcast_to(np.array(each), rank.shape) for each in zip(*which, strict=True))
        parts = {name: getattr(self, name)[side] for name in ("value", "query", "peak", "first", "row")}
        return Places(np.where(np.isnan(self.value[side]), np.inf, rank), document, piece, **parts)


@dataclass(frozen=True, eq=False)
class Examples:
    """What is kept of all texts, by side: one of `SIDES`."""

    places: dict[str, Places]

    @classmethod
    def empty(cls, layers: int, heads: int, top: int, sample: int) -> Self:
        """Of no text; `top` places at each end, `sample` of each strength."""
        shape = (len(OF_QUERIES), layers, heads)
        return cls({side: Places.none((*shape, top if side in ("top", "bottom") else sample)) for side in SIDES})

    def add(self, found: Extremes, which: Sequence[tuple[int, int]], seed: int) -> None:
        """Take what is better in the texts of a batch; `which` are their documents and pieces."""
        strongest = found.value[0]
        top = found.places(0, -np.nan_to_num(strongest), which)
        self.places["top"].join(top)
        self.places["bottom"].join(found.places(1, np.nan_to_num(found.value[1]), which))
        drawn = np.array([_hash(document, piece, seed) for document, piece in which])
        stratum = np.stack([np.searchsorted(each.strata, strongest[at]) for at, each in enumerate(OF_QUERIES)])
        for number in range(STRATA):
            rank = np.where((stratum == number) & np.isfinite(top.rank), drawn, np.inf)
            self.places[f"stratum {number}"].join(replace(top, rank=rank))

    def join(self, other: "Examples") -> None:
        """Take what is better in the texts of another one."""
        for side, places in self.places.items():
            places.join(other.places[side])

    @property
    def texts(self) -> set[tuple[int, int]]:
        """The documents and pieces that are named."""
        named: set[tuple[int, int]] = set()
        for places in self.places.values():
            there = np.isfinite(places.rank)
            named |= set(zip(places.document[there].tolist(), places.piece[there].tolist(), strict=True))
        return named

    def arrays(self) -> dict[str, np.ndarray]:
        """What it holds, by name."""
        return {
            f"{side}.{field.name}": getattr(places, field.name)
            for side, places in self.places.items()
            for field in fields(places)
        }


def _hash(document: int, piece: int, seed: int) -> float:
    """A number from 0 to 1 that only these three decide."""
    digest = hashlib.sha256(f"{seed} {document} {piece}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
