"""Two columns of tokens with a line from every query to the keys it attends to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gemma2_workbench.figures import checks
from gemma2_workbench.figures.checks import freeze

MOST_TOKENS = 64  # in a column: more are taller than a page in the sizes of type that venues ask for
MOST_LINKS = 1500  # the strongest ones are drawn: more are one dark area


class Links(NamedTuple):
    """The links to draw, from weakest to strongest, and how many reach the threshold.

    `heads`, `rows` and `columns` are [n] indices, `weights` is [n].
    """

    heads: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    weights: np.ndarray
    total: int


@dataclass(frozen=True, eq=False)
class TokenLinks:
    """Queries on the left, keys on the right, a line for every link of one or several heads (BertViz's head view).

    Attributes:
        weights: [N, Q, S] in 0..1; NaN where a mask hides the key or it is left out.
        heads: N names of heads.
        rows, columns: Q and S display strings of tokens or words, at most `MOST_TOKENS`; repeats are fine.
        label: what the weights are.
        threshold: weaker links are not drawn.
        looks: N whole numbers that choose colour and dash, so that a head looks the same in every figure; empty for
            their places among the heads.
    """

    weights: np.ndarray
    heads: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    label: str
    threshold: float = 0.0
    looks: tuple[int, ...] = ()
    title: str = ""
    row_label: str = "query (attends)"
    column_label: str = "key (attended to)"

    def __post_init__(self) -> None:
        """Check shapes and ranges; ValueError says which field is wrong."""
        weights = checks.numbers("TokenLinks", "weights", self.weights, 3)
        count, high, wide = weights.shape
        heads = checks.names("TokenLinks", "heads", self.heads, count)
        rows = checks.names("TokenLinks", "rows", self.rows, high)
        columns = checks.names("TokenLinks", "columns", self.columns, wide)
        looks = tuple(self.looks) or tuple(range(count))
        if len(looks) != count:
            raise ValueError(f"TokenLinks.looks must hold {count} numbers, one per head; got {len(looks)}")
        for look in looks:
            checks.start("TokenLinks", "looks", look)
        if max(high, wide) > MOST_TOKENS:
            raise ValueError(
                f"a picture of links holds at most {MOST_TOKENS} tokens in a column; these are {max(high, wide)}: show "
                f"a part of them (positions=0:{MOST_TOKENS})"
            )
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"TokenLinks.threshold must lie between 0 and 1; got {self.threshold}")
        # Rows that sum to 1 do so but for rounding; a share of 1 may be a little more.
        if np.nanmin(weights, initial=0) < 0 or np.nanmax(weights, initial=0) > 1 + 1e-3:
            ends = f"{np.nanmin(weights):g}..{np.nanmax(weights):g}"
            raise ValueError(f"TokenLinks.weights must lie between 0 and 1, NaN for no link; got {ends}")
        freeze(self, weights=weights, heads=heads, rows=rows, columns=columns, looks=looks)

    def links(self) -> Links:
        """The `MOST_LINKS` strongest links from the threshold on; a weight of 0 is no link."""
        weights = np.nan_to_num(self.weights)
        found = np.argwhere((weights > 0) & (weights >= self.threshold))
        strength = weights[tuple(found.T)]
        order = np.argsort(strength, kind="stable")[-MOST_LINKS:]
        heads, rows, columns = found[order].T
        return Links(heads, rows, columns, np.minimum(strength[order], 1), len(found))


def spread(heads: int) -> np.ndarray:
    """How far from the middle of a token the lines of each head end, [N] in rows, so that none lies on another."""
    return 0.6 * (np.arange(heads) - (heads - 1) / 2) / max(heads, 2)
