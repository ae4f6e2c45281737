"""`Corpus`: the texts of .txt, .jsonl, .csv and .parquet files and folders, one after the other, the same each time.

A text that cannot be read keeps its number and says why, so that the numbers of all others stay what they are.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gemma2_workbench.sweeps.texts.blocks import Document, all_blocks, parts
from gemma2_workbench.sweeps.texts.formats import SUFFIXES, Split, texts_of


@dataclass(frozen=True)
class Outline:
    """How large a corpus is, and which.

    Attributes:
        documents: how many texts; long ones count as several, see `PART`.
        blocks: how many blocks they make.
        sha256: over all texts.
    """

    documents: int
    blocks: int
    sha256: str


class Texts(Protocol):
    """What is swept: files, or a built-in set. It can be sent to another process."""

    @property
    def about(self) -> dict[str, str | int] | None:
        """The settings of a built-in set; None for files, of which the hash says all."""
        ...

    def outline(self, block: int) -> Outline:
        """How many texts there are, and how many blocks of at most `block` texts."""
        ...

    def documents(self) -> Iterator[Document]:
        """All texts, in order."""
        ...


@dataclass(frozen=True)
class Corpus:
    """Files of texts.

    Attributes:
        files: what is read, in this order.
        column: the key or column that holds the text; of .jsonl, .csv and .parquet.
        split: a text of a .txt file is a line, or the whole file.
        name: of the built-in set that the files are; None for files of the user.
    """

    files: tuple[Path, ...]
    column: str = "text"
    split: Split = "line"
    name: str | None = None
    # By the size of a block; goes to other processes with the corpus, so that they do not read all of it.
    _outlines: dict[int, Outline] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def about(self) -> dict[str, str | int] | None:
        """See `Texts`."""
        return None if self.name is None else {"name": self.name}

    @classmethod
    def of(cls, paths: Sequence[Path], column: str = "text", split: Split = "line") -> "Corpus":
        """The texts of files, and of all such files in folders, by name.

        Raises:
            FileNotFoundError: there is no such file, or none that is read in a folder.
            ValueError: a file of another kind.
        """
        files: list[Path] = []
        for path in paths:
            found = sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES) if path.is_dir() else [path]
            if not path.exists() or not found:
                what = "holds no file that is read" if path.exists() else "does not exist"
                raise FileNotFoundError(f"{path} {what}; a corpus is files or folders of {', '.join(SUFFIXES)}")
            if unread := [each for each in found if each.suffix not in SUFFIXES]:
                raise ValueError(f"{unread[0]} is none of {', '.join(SUFFIXES)}")
            files += found
        return cls(tuple(files), column, split)

    def documents(self) -> Iterator[Document]:
        """All texts, in order.

        Raises:
            ValueError: a file has no such column, names those it has; or it is broken.
            OSError: a file cannot be read.
        """
        number = 0
        for path in self.files:
            for name, text, problem in texts_of(path, self.column, self.split):
                pieces = [text] if text is None else list(parts(text))
                for at, piece in enumerate(pieces, 1):
                    yield Document(number, name if len(pieces) == 1 else f"{name} part {at}", piece, problem)
                    number += 1

    def outline(self, block: int) -> Outline:
        """How many texts there are, and how many blocks of at most `block` texts; reads the files once.

        Raises:
            ValueError: there is no text at all, or none that can be read; as `documents`.
        """
        if block not in self._outlines:
            self._outlines[block] = self._read(block)
        return self._outlines[block]

    def _read(self, block: int) -> Outline:
        digest, count, blocks, damaged = hashlib.sha256(), 0, 0, ""
        readable = False
        for number, documents in all_blocks(self.documents(), block):
            blocks = number + 1
            for each in documents:
                readable = readable or not each.problem
                damaged = damaged or each.problem and f"{each.name}: {each.problem}"
                content = str(each.text or f"\0{each.problem}").encode("utf-8", "surrogatepass")
                digest.update(len(content).to_bytes(8, "big") + content)
                count += 1
        if not count:
            raise ValueError(f"there is no text in {', '.join(map(str, self.files))}")
        if not readable:
            raise ValueError(f"none of the {count} texts of the corpus can be read; the first: {damaged}")
        return Outline(count, blocks, digest.hexdigest())
