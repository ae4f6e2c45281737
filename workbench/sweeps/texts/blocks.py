"""Long texts in parts, and texts in blocks: what is worked on together, is kept and counted when it is done."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Drawn:
    """A text of random tokens that come twice: which they are only a tokenizer can say.

    Attributes:
        length: tokens before they repeat.
        seed, number: what decides them.
    """

    length: int
    seed: int
    number: int


@dataclass(frozen=True)
class Document:
    """One text of a corpus, or a part of one that is longer than `PART`.

    Attributes:
        number: from 0, through all files.
        name: file and line or row, counted from 1, and which part of it.
        text: None where it cannot be read.
        problem: why not; empty where it can.
    """

    number: int
    name: str
    text: str | Drawn | None
    problem: str = ""


# Characters of a text from which on it counts as several: a tokenizer takes 90 seconds and 3 GB for 15 MiB at once, and
# nothing would be kept before all of it is done.
PART = 1 << 16
# Characters of a block, about 130,000 tokens: what a run that is killed does again.
BLOCK = 1 << 19
# Characters that a random token counts as.
_A_TOKEN = 4


def parts(text: str) -> Iterator[str]:
    """A text in parts of at most `PART` characters, cut before a space or line break where there is one."""
    start = 0
    while len(text) - start > PART:
        stop = start + PART
        space = max(text.rfind(each, start + PART // 2, stop) for each in (" ", "\n"))
        stop = space if space > 0 else stop
        yield text[start:stop]
        start = stop
    yield text[start:]


def all_blocks(documents: Iterable[Document], size: int) -> Iterator[tuple[int, list[Document]]]:
    """All blocks in order, with their numbers: of `size` texts, or fewer that have `BLOCK` characters."""
    number, length = 0, 0
    block: list[Document] = []
    for document in documents:
        more = _length(document)
        if block and (len(block) == size or length + more > BLOCK):
            yield number, block
            number, length, block = number + 1, 0, []
        block.append(document)
        length += more
    if block:
        yield number, block


def _length(document: Document) -> int:
    """Characters of a text."""
    text = document.text
    return 2 * _A_TOKEN * text.length if isinstance(text, Drawn) else len(text or "")


def blocks_of(documents: Iterable[Document], size: int, wanted: set[int]) -> Iterator[tuple[int, list[Document]]]:
    """The blocks that are wanted, in order; `wanted` is emptied.

    Raises:
        ValueError: there are not so many.
    """
    for number, block in all_blocks(documents, size) if wanted else ():
        if number in wanted:
            wanted.discard(number)
            yield number, block
            if not wanted:
                return
    if wanted:
        raise ValueError(f"the corpus changed: it has no block {min(wanted)} any more")
