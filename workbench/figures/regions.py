"""Outlines of cell regions, so that a pattern covers hidden cells as one shape instead of thousands."""

from __future__ import annotations

from functools import partial

import numpy as np


def outlines(mask: np.ndarray) -> list[np.ndarray]:
    """The closed boundary loops of the True cells of a [rows, columns] mask.

    Cell (i, j) is the square from (j, i) to (j+1, i+1). Each loop is [n, 2] (x, y) corners, first corner repeated
    at the end; outer loops and holes run in opposite directions, so the non-zero fill rule leaves holes open.
    """
    follow = _directed_edges(np.asarray(mask, bool))
    loops = []
    while follow:
        first = next(iter(follow))
        loop, here, heading = [first], first, (0, 0)
        while True:
            ends = follow[here]
            # Where two regions touch at a corner four edges meet: turn right, which keeps loops apart.
            step = min(ends, key=partial(_turn, heading, here))
            ends.remove(step)
            if not ends:
                del follow[here]
            heading, here = (step[0] - here[0], step[1] - here[1]), step
            loop.append(here)
            if here == first:
                break
        loops.append(_corners(np.array(loop)))
    return loops


def _directed_edges(mask: np.ndarray) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Boundary edges by their start, region on the right-hand side (y points down)."""
    padded = np.pad(mask, 1).astype(np.int8)
    across, along = np.diff(padded, axis=0), np.diff(padded, axis=1)
    follow: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for y, x in np.argwhere(across[:, 1:-1]).tolist():
        a, b = ((x, y), (x + 1, y)) if across[y, x + 1] == 1 else ((x + 1, y), (x, y))
        follow.setdefault(a, []).append(b)
    for y, x in np.argwhere(along[1:-1]).tolist():
        a, b = ((x, y + 1), (x, y)) if along[y + 1, x] == 1 else ((x, y), (x, y + 1))
        follow.setdefault(a, []).append(b)
    return follow


def _turn(heading: tuple[int, int], here: tuple[int, int], end: tuple[int, int]) -> int:
    """-1 for a right turn on a page whose y points down, 1 for a left turn."""
    return -(heading[0] * (end[1] - here[1]) - heading[1] * (end[0] - here[0]))


def _corners(loop: np.ndarray) -> np.ndarray:
    """Drop the points in the middle of straight stretches; keep the loop closed."""
    points = loop[:-1]
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    kept = points[(before != after).any(axis=1)]
    return np.vstack([kept, kept[:1]])
