"""Colour tables of maps on the page: magma with an end of paper, and blue to red through the page's own colour.

The figures on paper keep the tables of `colours`. Differences lie on a centre that is as dark as a dark page, so that
no change stays quiet. Steps are even in OKLab, and each arm of a diverging table is even alone: else zero is not
neutral.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np

from gemma2_workbench.figures.oklab import even_steps

_SEQUENTIAL = {
    False: ("#faf4ea", "#fed3a2", "#fb9466", "#e5556a", "#b5367a", "#812581", "#4a1173", "#170d38", "#05030f"),
    True: ("#0d0c1a", "#2a1160", "#641a80", "#a3307e", "#dd4a6a", "#f98160", "#fec287", "#fff5e6"),
}
_DIVERGING = {
    False: ("#08306b", "#2f78b8", "#9cc6e2", "#f5f4f1", "#f6b69c", "#cf4f43", "#6f0a1f"),
    True: ("#b5dbff", "#4f9fee", "#1d4c80", "#191d25", "#84352b", "#ea6a52", "#ffd3c2"),
}


@lru_cache
def page_lut(kind: Literal["sequential", "diverging"], dark: bool = False) -> np.ndarray:
    """The colour table of a kind of scale on the page: uint8 [256, 3], read-only."""
    if kind == "sequential":
        table = even_steps(_SEQUENTIAL[dark], 256)
    else:
        stops = _DIVERGING[dark]
        middle = len(stops) // 2
        table = np.concatenate([even_steps(stops[: middle + 1], 128), even_steps(stops[middle:], 128)])
    table.flags.writeable = False
    return table
