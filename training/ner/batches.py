"""Training batches of a tagger: a pure function of the seed, so that resuming needs no state of its own."""

import random
from collections.abc import Iterator
from typing import Any

from gemma2_workbench.classification.inputs import Encoded, collate


def batches(rows: list[tuple[Encoded, list[int]]], tokens: int, seed: int) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Yields (epoch, place in the epoch, batch) for ever; sentences of like length share a batch.

    The order depends on the seed alone, so a resumed run skips to where it was.
    """
    epoch = 0
    while True:
        rng = random.Random(f"{seed}-{epoch}")
        order = sorted(range(len(rows)), key=lambda at: len(rows[at][0].ids) + rng.random() * 8)
        groups: list[list[int]] = [[]]
        for at in order:
            if (len(groups[-1]) + 1) * (len(rows[at][0].ids) + 8) > tokens and groups[-1]:
                groups.append([])
            groups[-1].append(at)
        rng.shuffle(groups)
        for place, group in enumerate(groups):
            chosen = [rows[at] for at in group]
            yield epoch, place, collate([row for row, _ in chosen], 0, [tags for _, tags in chosen])
        epoch += 1
