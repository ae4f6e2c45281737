"""95 % intervals of the means over texts, from the means of the bootstrap over documents that a sweep keeps."""

from collections.abc import Sequence

import numpy as np

Z95 = 1.959963984540054  # of the normal distribution, two-sided 95 %


def drawn(replicates: Sequence[np.ndarray]) -> np.ndarray:
    """The means of all replicates, [rows, REPLICATES]; NaN where a replicate drew no text."""
    return np.stack([np.asarray(each, dtype=float) for each in replicates])


def spread(drawn_RB: np.ndarray) -> np.ndarray:
    """Standard deviation over the replicates that have a number, [rows]; NaN of fewer than two."""
    there = np.isfinite(drawn_RB)
    count = there.sum(1)
    values = np.where(there, drawn_RB, 0)
    mean = values.sum(1) / np.maximum(count, 1)
    squares = (np.where(there, drawn_RB - mean[:, None], 0) ** 2).sum(1)
    return np.sqrt(squares / np.where(count > 1, count - 1, np.nan))
