"""`Tally`: counts, exact sums and histograms of all statistics of all heads; tallies join in any order.

Letters: B texts of a batch, F statistics, L layers, N heads, b bins.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
import torch

from gemma2_workbench.sweeps.exact import ExactSum
from gemma2_workbench.sweeps.readers.sums import BatchSums, binned
from gemma2_workbench.sweeps.statistics import BINS, OF_QUERIES, STATISTICS


@dataclass(frozen=True, eq=False)
class Side:
    """The numbers of one kind: those of all queries, or the means of all texts.

    Attributes:
        count: how many, int64 [F, L, N].
        total, squares: their sum, and that of their squares, [F, L, N].
        bins: how many lie in each bin, int64 [F, L, N, b].
    """

    count: np.ndarray
    total: ExactSum
    squares: ExactSum
    bins: np.ndarray

    @classmethod
    def empty(cls, layers: int, heads: int) -> Self:
        """Of no text."""
        shape = (len(STATISTICS), layers, heads)
        return cls(
            np.zeros(shape, np.int64), ExactSum.zeros(shape), ExactSum.zeros(shape), np.zeros((*shape, BINS), np.int64)
        )

    def add(self, count: np.ndarray, total: np.ndarray, squares: np.ndarray) -> None:
        """Add what some texts have, [B, F, L, N] each."""
        self.count[...] += count.sum(0).astype(np.int64)
        self.total.add(total)
        self.squares.add(squares)

    def join(self, other: "Side") -> None:
        """Add another one."""
        self.count[...] += other.count
        self.bins[...] += other.bins
        self.total.join(other.total)
        self.squares.join(other.squares)

    @property
    def mean(self) -> np.ndarray:
        """Mean, NaN of nothing, [F, L, N]."""
        return self.total.value / np.where(self.count > 0, self.count, np.nan)

    @property
    def variance(self) -> np.ndarray:
        """Variance of a sample (n - 1), NaN of fewer than two, [F, L, N]."""
        spread = np.maximum(self.squares.value - self.total.value * np.nan_to_num(self.mean), 0)
        return spread / np.where(self.count > 1, self.count - 1, np.nan)

    def quantile(self, share: float) -> np.ndarray:
        """The value below which a share lies, read off the histogram: right to a bin; NaN of nothing, [F, L, N]."""
        below = np.cumsum(self.bins, -1)
        wanted = share * below[..., -1:]
        bin_FLN = np.minimum((below < wanted).sum(-1), BINS - 1)
        inside = np.take_along_axis(self.bins, bin_FLN[..., None], -1)[..., 0]
        before = np.take_along_axis(below, bin_FLN[..., None], -1)[..., 0] - inside
        part = np.where(inside > 0, (wanted[..., 0] - before) / np.maximum(inside, 1), 0)
        edges_Fb = np.stack([each.edges for each in STATISTICS])
        rows = np.arange(len(edges_Fb))[:, None, None]
        left, right = edges_Fb[rows, bin_FLN], edges_Fb[rows, bin_FLN + 1]
        return np.where(self.count > 0, left + part * (right - left), np.nan)

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """What it holds, by name."""
        yield from (("count", self.count), ("bins", self.bins))
        for name, each in (("total", self.total), ("squares", self.squares)):
            yield from ((f"{name}.whole", each.whole), (f"{name}.parts", each.parts))


REPLICATES = 100


@dataclass(frozen=True, eq=False)
class Replicates:
    """The sums again, every document counted 0, 1, 2, ... times by chance: a Poisson bootstrap, Chamandy et al. 2012.

    How often decides the document and nothing else, so that two sweeps of one corpus can be compared text by text.

    Attributes:
        count: how many texts, int64 [REPLICATES, F, L, N].
        total: the sum of their means.
    """

    count: np.ndarray
    total: ExactSum

    @classmethod
    def empty(cls, layers: int, heads: int) -> Self:
        """Of no text."""
        shape = (REPLICATES, len(STATISTICS), layers, heads)
        return cls(np.zeros(shape, np.int64), ExactSum.zeros(shape))

    def add(self, documents: Sequence[int], there: np.ndarray, mean: np.ndarray) -> None:
        """Add the means of some texts, [B, F, L, N], where there are some."""
        times = np.stack([_times(document) for document in documents], axis=1)
        added = times.astype(float) @ there.reshape(len(there), -1).astype(float)
        self.count[...] += added.reshape(self.count.shape).astype(np.int64)
        self.total.add(mean, times)

    def join(self, other: "Replicates") -> None:
        """Add another one."""
        self.count[...] += other.count
        self.total.join(other.total)

    @property
    def means(self) -> np.ndarray:
        """The mean of each replicate, NaN of nothing, [REPLICATES, F, L, N]."""
        return self.total.value / np.where(self.count > 0, self.count, np.nan)

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """What it holds, by name."""
        yield from (("count", self.count), ("total.whole", self.total.whole), ("total.parts", self.total.parts))


@lru_cache(maxsize=4096)
def _times(document: int) -> np.ndarray:
    """How often each replicate counts a document, [REPLICATES]."""
    digest = hashlib.sha256(f"replicates {document}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big"))).poisson(1, REPLICATES)


@dataclass(frozen=True, eq=False)
class Tally:
    """All numbers of some texts.

    Attributes:
        tokens: of every query; what a text has one of counts once a text.
        texts: the means of the texts, or of their windows.
        replicates: those means by chance, for intervals.
    """

    tokens: Side
    texts: Side
    replicates: Replicates

    @classmethod
    def empty(cls, layers: int, heads: int) -> Self:
        """Of no text."""
        return cls(Side.empty(layers, heads), Side.empty(layers, heads), Replicates.empty(layers, heads))

    def add(self, documents: Sequence[int], found: BatchSums) -> None:
        """Add the texts of a batch; `documents` are their numbers."""
        there = np.isfinite(found.texts)
        texts = np.where(there, found.texts, 0)
        count, total, squares = np.concatenate((found.queries, (there, texts, texts * texts)), 2)
        mean = total / np.maximum(count, 1)
        self.tokens.add(count, total, squares)
        self.texts.add(count > 0, mean, mean * mean)
        self.replicates.add(documents, count > 0, mean)
        mean_FLNB = torch.from_numpy(np.where(count > 0, mean, np.inf)).permute(1, 2, 3, 0).contiguous()
        bins = np.stack([binned(each, values) for each, values in zip(STATISTICS, mean_FLNB, strict=True)])
        self.texts.bins[...] += bins
        self.tokens.bins[...] += np.concatenate((found.bins, bins[len(OF_QUERIES) :]))

    def join(self, other: "Tally") -> None:
        """Add the texts of another one."""
        self.tokens.join(other.tokens)
        self.texts.join(other.texts)
        self.replicates.join(other.replicates)

    def arrays(self) -> dict[str, np.ndarray]:
        """What it holds, by name."""
        sides = (("tokens", self.tokens), ("texts", self.texts), ("replicates", self.replicates))
        return {f"{side}.{name}": array for side, each in sides for name, array in each.arrays()}
