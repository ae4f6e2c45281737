"""`Corpus`: the texts of .txt, .jsonl, .csv and .parquet files and folders, one after the other, the same each time.

A text that cannot be read keeps its number and says why, so that the numbers of all others stay what they are.
"""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Literal, Protocol

from gemma2_workbench.limits import told

SUFFIXES = (".txt", ".jsonl", ".csv", ".parquet")
LONGEST = 1 << 24  # bytes of a text
# What UTF-16 looks like to a reader of UTF-8.
_NULL = "it holds a null character; texts are UTF-8"
Split = Literal["line", "document"]


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
    """One text of a corpus.

    Attributes:
        number: from 0, through all files.
        name: file and line or row, counted from 1.
        text: None where it cannot be read.
        problem: why not; empty where it can.
    """

    number: int
    name: str
    text: str | Drawn | None
    problem: str = ""


class Texts(Protocol):
    """What is swept: files, or a built-in set. It can be sent to another process."""

    @property
    def about(self) -> dict[str, str | int] | None:
        """The settings of a built-in set; None for files, of which the hash says all."""
        ...

    @property
    def outline(self) -> tuple[int, str]:
        """How many texts there are, and a SHA-256 over all of them."""
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
            ValueError: a file has no such column; names those it has.
            OSError: a file cannot be read.
        """
        for number, each in enumerate(self._all()):
            yield Document(number, *each)

    def _all(self) -> Iterator[tuple[str, str | None, str]]:
        """Name, text and problem of all texts."""
        for path in self.files:
            yield from self._of(path)

    @property
    def outline(self) -> tuple[int, str]:
        """How many texts there are, and a SHA-256 over all of them; reads the files once.

        Raises:
            ValueError: there is no text at all, or none that can be read; as `documents`.
        """
        return self._outline

    @cached_property
    def _outline(self) -> tuple[int, str]:
        digest, count, damaged = hashlib.sha256(), 0, ""
        readable = False
        for name, text, problem in self._all():
            readable = readable or not problem
            damaged = damaged or problem and f"{name}: {problem}"
            content = (text or f"\0{problem}").encode("utf-8", "surrogatepass")
            digest.update(len(content).to_bytes(8, "big") + content)
            count += 1
        if not count:
            raise ValueError(f"there is no text in {', '.join(map(str, self.files))}")
        if not readable:
            raise ValueError(f"none of the {count} texts of the corpus can be read; the first: {damaged}")
        return count, digest.hexdigest()

    def _of(self, path: Path) -> Iterator[tuple[str, str | None, str]]:
        readers = {".txt": self._txt, ".jsonl": self._jsonl, ".csv": self._csv, ".parquet": self._parquet}
        return readers[path.suffix](path)

    def _txt(self, path: Path) -> Iterator[tuple[str, str | None, str]]:
        with path.open("rb") as file:
            if self.split == "document":
                yield (path.name, *_decoded(file.read(LONGEST + 1)))
                return
            for number, line in _lines(file):
                text, problem = _decoded(line)
                if problem or text and text.strip():
                    yield f"{path.name}:{number}", text and text.rstrip("\r\n"), problem

    def _jsonl(self, path: Path) -> Iterator[tuple[str, str | None, str]]:
        known = False
        with path.open("rb") as file:
            for number, line in _lines(file):
                text, problem = _decoded(line)
                if not problem and not (text or "").strip():
                    continue
                row, problem = _parsed(text) if text is not None else (None, problem)
                if row is not None and not known:
                    self._check_column(path, list(row))
                    known = True
                yield f"{path.name}:{number}", *self._cell(row, problem)

    def _csv(self, path: Path) -> Iterator[tuple[str, str | None, str]]:
        csv.field_size_limit(LONGEST)
        # Bytes that are no UTF-8 become surrogates, which `_cell` finds.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            self._check_column(path, list(rows.fieldnames or ()))
            try:
                for number, row in enumerate(rows, 1):
                    yield f"{path.name} row {number}", *self._cell(row, "")
            except csv.Error as error:
                raise ValueError(f"{path} is no CSV that can be read after line {rows.line_num}: {error}") from None

    def _parquet(self, path: Path) -> Iterator[tuple[str, str | None, str]]:
        import pyarrow
        import pyarrow.parquet

        try:
            with pyarrow.parquet.ParquetFile(path) as file:
                self._check_column(path, file.schema_arrow.names)
                number = 0
                for batch in file.iter_batches(256, columns=[self.column]):
                    for value in batch.column(0).to_pylist():
                        number += 1
                        yield f"{path.name} row {number}", *self._cell({self.column: value}, "")
        except pyarrow.ArrowException as error:
            raise ValueError(f"{path} cannot be read as Parquet: {error}") from None

    def _cell(self, row: Mapping[str, object] | None, problem: str) -> tuple[str | None, str]:
        """The text of a row, or why there is none."""
        if row is None:
            return None, problem
        text = row.get(self.column)
        if not isinstance(text, str):
            return None, f"{self.column} is {'missing' if text is None else f'no text but {told(text)}'}"
        if any("\ud800" <= character <= "\udfff" for character in text):
            return None, "it is no UTF-8"
        if "\0" in text:
            return None, _NULL
        return (text, "") if text.strip() else (None, "it is empty")

    def _check_column(self, path: Path, names: Sequence[str]) -> None:
        if self.column not in names:
            raise ValueError(f"{path} has no column {self.column!r}; it has {', '.join(names) or 'none'}")


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; of one that is too long just enough to see that it is."""
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        yield number, line
        while not line.endswith(b"\n") and len(line) > LONGEST and (line := file.readline(LONGEST + 1)):
            pass


def _decoded(data: bytes) -> tuple[str | None, str]:
    """A text, or why it is none."""
    if len(data) > LONGEST:
        return None, f"it is longer than {LONGEST >> 20} MiB"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, f"it is no UTF-8: byte 0x{data[error.start]:02X}"
    return (None, _NULL) if "\0" in text else (text, "")


def _parsed(line: str) -> tuple[dict[str, object] | None, str]:
    """The object of a line of JSON, or why it is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None, "it is no JSON"
    return (row, "") if isinstance(row, dict) else (None, "it is no JSON object")
