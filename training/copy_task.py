"""Copy sequences: rows in which a stretch of tokens comes again, so that heads learn to look it up.

They are the deliberate part of the training mix: they make previous-token and induction heads
appear within minutes (Olsson et al. 2022, "In-context Learning and Induction Heads", study them).
Where the tokens are drawn at random, their first occurrence has no target: nothing could foretell
it, and learning its frequencies would spoil the language model.
"""

from dataclasses import dataclass

import numpy as np

IGNORED = -100


@dataclass(frozen=True)
class Material:
    """What copies are made of.

    Attributes:
        natural: token ids of running text, shape (tokens,).
        plain: ids of ordinary pieces (no special tokens, no single bytes).
    """

    natural: np.ndarray
    plain: np.ndarray


def span(rng: np.random.Generator, natural: np.ndarray, length: int) -> np.ndarray:
    """Returns `length` consecutive ids of running text from a random place."""
    start = rng.integers(0, len(natural) - length)
    return natural[start : start + length].astype(np.int64)


def segment(rng: np.random.Generator, material: Material, length: int) -> tuple[np.ndarray, bool]:
    """Returns ids to be repeated, and whether they are drawn at random.

    A third is running text, a third single tokens of running text (so frequent tokens are
    frequent), a third uniform over the ordinary pieces.
    """
    kind = rng.integers(3)
    if kind == 0:
        return span(rng, material.natural, length), False
    source = material.natural if kind == 1 else material.plain
    return rng.choice(source, length).astype(np.int64), True


def repeated_row(
    rng: np.random.Generator, material: Material, length: int, longest: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """One segment over and over until the row is full.

    Args:
        rng: source of chance.
        material: what the segment is made of.
        length: tokens in the row.
        longest: longest segment; half the row by default. Lengths are log-uniform from 4.

    Returns:
        ids and targets' ids (the same ids, `IGNORED` where unpredictable), both (length,).
    """
    longest = longest or length // 2
    period = int(np.exp(rng.uniform(np.log(4), np.log(longest + 1))))
    piece, random = segment(rng, material, period)
    ids = np.resize(piece, length)
    labels = ids.copy()
    if random:
        labels[:period] = IGNORED
    return ids, labels


def gapped_row(rng: np.random.Generator, material: Material, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Running text in which one short segment stands twice, at any distance up to the row.

    Returns:
        ids and labels as `repeated_row` does; the segment's first token is never a target.
    """
    size = int(rng.integers(4, max(5, length // 6)))
    piece, random = segment(rng, material, size)
    first = int(rng.integers(0, length - 2 * size))
    second = int(rng.integers(first + size, length - size + 1))
    ids = span(rng, material.natural, length)
    labels = ids.copy()
    for start in (first, second):
        ids[start : start + size] = piece
        labels[start : start + size] = piece
        labels[start] = IGNORED
    if random:
        labels[first : first + size] = IGNORED
    return ids, labels
