"""Built-in sets: corpora that need no file. Adding one: a line in `SETS`."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from gemma2_workbench.limits import short, whole
from gemma2_workbench.models.reading.shipped import embedded
from gemma2_workbench.sweeps.corpus import Corpus, Outline, Texts
from gemma2_workbench.sweeps.texts.blocks import Document, Drawn, all_blocks

HELD_OUT = embedded()["tiny"] / "held_out.txt"
SIZE, LENGTH = 256, 25


@dataclass(frozen=True)
class Repeats:
    """Random tokens with a copy of themselves behind them (Olsson et al. 2022, arXiv 2209.11895).

    Nothing but the copy tells what comes next: attention on what followed the last time is induction, and on the same
    token the last time that of a duplicate-token head. The tokens are drawn from the vocabulary of the model.

    Attributes:
        size: texts.
        length: random tokens before they repeat.
        seed: of the tokens.
    """

    size: int = SIZE
    length: int = LENGTH
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be."""
        for name, least in (("size", 1), ("length", 2), ("seed", 0)):
            whole(name, getattr(self, name), least)

    @property
    def about(self) -> dict[str, str | int]:
        """See `Texts`."""
        return {"name": "repeats", **asdict(self)}

    def outline(self, block: int) -> Outline:
        """See `Texts`."""
        blocks = sum(1 for _ in all_blocks(self.documents(), block))
        return Outline(self.size, blocks, hashlib.sha256(json.dumps(self.about).encode()).hexdigest())

    def documents(self) -> Iterator[Document]:
        """See `Texts`."""
        for number in range(self.size):
            yield Document(number, f"repeat {number}", Drawn(self.length, self.seed, number))


def held_out(size: int | None, length: int | None, seed: int) -> Texts:
    """Paragraphs of speeches and novels that no embedded model was trained on."""
    if size is not None or length is not None:
        raise ValueError("size and length are of the set repeats; the set held-out is always all of its text")
    return Corpus((HELD_OUT,), name="held-out")


def repeats(size: int | None, length: int | None, seed: int) -> Texts:
    """See `Repeats`."""
    return Repeats(SIZE if size is None else size, LENGTH if length is None else length, seed)


SETS: Mapping[str, Callable[[int | None, int | None, int], Texts]] = MappingProxyType(
    {"repeats": repeats, "held-out": held_out}
)


def built_in(name: str, size: int | None = None, length: int | None = None, seed: int = 0) -> Texts:
    """The set called `name`.

    Args:
        name: a key of `SETS`.
        size: texts of `repeats`; `SIZE` by default.
        length: random tokens of each before they repeat; `LENGTH` by default.
        seed: of the random tokens.

    Raises:
        ValueError: there is no such set, or it has no such setting; the message lists those there are.
    """
    if name not in SETS:
        raise ValueError(f"there is no set {short(repr(name))}; the sets are {', '.join(SETS)}")
    return SETS[name](size, length, seed)
