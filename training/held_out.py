"""Writes the text that `sweep --set held-out` reads: paragraphs of documents that no embedded model was trained on.

Run: `python -m training.held_out`. The novels' held-out chapters whole, and of the speeches every third paragraph: all
in the public domain. One paragraph a line.
"""

from gemma2_workbench.atomic import write
from gemma2_workbench.sweeps.sets import HELD_OUT
from training.corpus import documents, is_held_out

EVERY = {"austen": 1, "moby": 1, "sotu": 3}
SHORTEST = 80  # characters: below it stand headings and single exclamations


def paragraphs(name: str) -> list[str]:
    """The held-out paragraphs of a source, each on one line."""
    found = [" ".join(part.split()) for text in documents(name) if is_held_out(text) for part in text.split("\n\n")]
    return [each for each in found if len(each) >= SHORTEST][:: EVERY[name]]


if __name__ == "__main__":
    write(HELD_OUT, "".join(f"{line}\n" for name in EVERY for line in paragraphs(name)))
