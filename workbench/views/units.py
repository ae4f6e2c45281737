"""Tokens and words as the unit of a map: where words begin, and what a map between tokens is between words.

A word attends with the mean of its tokens and is attended to with their sum, so the probabilities of a word still sum
to 1. Other quantities do not add up: there a word shows the value of largest magnitude of its tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

UNITS = ("tokens", "words")


def starts_of(words: Sequence[int], unit: str) -> np.ndarray:
    """Where each unit begins among tokens with these word numbers: int [W], ascending from 0."""
    numbers = np.asarray(words)
    new = np.ones(len(numbers), bool)
    if unit == "words":
        new[1:] = numbers[1:] != numbers[:-1]
    return np.flatnonzero(new)


def summed(value_QS: np.ndarray, row_starts: np.ndarray, key_starts: np.ndarray) -> np.ndarray:
    """Probabilities between words [V, W]: the mean over a query's tokens of the sum over a key's; NaN where none is.

    Args:
        value_QS: float [Q, S], NaN for hidden cells.
        row_starts, key_starts: where words begin, [V] and [W].
    """
    visible_QS = np.isfinite(value_QS)
    sizes_V = np.diff(np.append(row_starts, len(value_QS)))
    sums_VW = np.add.reduceat(np.add.reduceat(np.where(visible_QS, value_QS, 0), row_starts, 0), key_starts, 1)
    seen_VW = np.logical_or.reduceat(np.logical_or.reduceat(visible_QS, row_starts, 0), key_starts, 1)
    return np.where(seen_VW, sums_VW / sizes_V[:, None], np.nan)
