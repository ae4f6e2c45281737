"""Texts to sweep: the embedded held-out ones, again and again."""

import tempfile
from functools import cache
from itertools import cycle, islice
from pathlib import Path

from gemma2_workbench.sweeps.corpus import Corpus
from gemma2_workbench.sweeps.sets import HELD_OUT


@cache
def many(count: int) -> Corpus:
    """A corpus of so many texts, in a temporary file."""
    lines = islice(cycle(HELD_OUT.read_text("utf-8").splitlines()), count)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    return Corpus.of([Path(file.name)])
