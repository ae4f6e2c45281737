"""A sentence with more tokens than a model takes, cut into parts that it takes.

Labels near a cut are read without what lies beyond it, so a cut is made only where there is no other way, and after a
comma or the like if one stands near the middle.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gemma2_workbench.classification.inputs import Encoded
from gemma2_workbench.classification.words import Span

_BREAKS = {",", ";", ":", "|", ".", "!", "?", "—", "--"}


@dataclass(frozen=True)
class Chunk:
    """A sentence of a text, or part of one.

    Attributes:
        text: its characters.
        words: character offsets of its words in `text`.
        start: where it starts in the whole text.
        continues: whether it goes on with the sentence of the part before.
    """

    text: str
    words: list[Span]
    start: int
    continues: bool = False


def fitting(
    parts: list[Chunk], encode: Callable[[list[Chunk]], list[Encoded]], longest: int
) -> list[tuple[Chunk, Encoded]]:
    """Every part as the model reads it; those with more than `longest` tokens in halves, as often as it takes.

    Raises:
        ValueError: a single word is too long.
    """
    found = []
    for part, row in zip(parts, encode(parts), strict=True):
        if len(row.ids) <= longest:
            found.append((part, row))
        elif len(part.words) > 1:
            found += fitting(_halves(part), encode, longest)
        else:
            raise ValueError(
                f"the word {part.text[:40]!r}... has {len(row.ids)} tokens, the model takes at most {longest}; "
                "take it out or put spaces into it"
            )
    return found


def _halves(part: Chunk) -> list[Chunk]:
    words, middle = part.words, len(part.words) // 2
    near = range(len(words) // 3 + 1, 2 * len(words) // 3 + 1)
    breaks = [at for at in near if part.text[slice(*words[at - 1])] in _BREAKS]
    cut = min(breaks, key=lambda at: abs(at - middle), default=middle)
    halves = []
    for chosen, continues in ((words[:cut], part.continues), (words[cut:], True)):
        first, last = chosen[0][0], chosen[-1][1]
        spans = [(start - first, end - first) for start, end in chosen]
        halves.append(Chunk(part.text[first:last], spans, part.start + first, continues))
    return halves
