"""Texts of .txt, .jsonl, .csv and .parquet files, one after the other; one that cannot be read says why.

Every reader gives name, text and problem: the text is None, or the problem empty.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Literal

from gemma2_workbench.limits import told

Split = Literal["line", "document"]
Read = Iterator[tuple[str, str | None, str]]

LONGEST = 1 << 24  # bytes of a text
# Characters of a cell of CSV: a quote that is never closed would make one of all that follows.
_CELL = 4 * LONGEST
# What UTF-16 looks like to a reader of UTF-8.
_NULL = "it holds a null character; texts are UTF-8"


def texts_of(path: Path, column: str, split: Split) -> Read:
    """The texts of a file.

    Args:
        path: the file; its ending is one of `SUFFIXES`.
        column: the key or column that holds the text; of .jsonl, .csv and .parquet.
        split: a text of a .txt file is a line, or the whole file.

    Raises:
        ValueError: there is no such column, or the file is broken.
        OSError: it cannot be read.
    """
    return _txt(path, split) if path.suffix == ".txt" else _TABLES[path.suffix](path, column)


def _txt(path: Path, split: Split) -> Read:
    with path.open("rb") as file:
        if split == "document":
            yield (path.name, *_decoded(file.read(LONGEST + 1)))
            return
        for number, line in _lines(file):
            text, problem = _decoded(line)
            if problem or text and text.strip():
                yield f"{path.name}:{number}", text and text.rstrip("\r\n"), problem


def _jsonl(path: Path, column: str) -> Read:
    known = False
    with path.open("rb") as file:
        for number, line in _lines(file):
            text, problem = _decoded(line)
            if not problem and not (text or "").strip():
                continue
            row, problem = _parsed(text) if text is not None else (None, problem)
            if row is not None and not known:
                _check_column(path, column, list(row))
                known = True
            yield f"{path.name}:{number}", *_cell(row, column, problem)


def _csv(path: Path, column: str) -> Read:
    csv.field_size_limit(_CELL)
    # Bytes that are no UTF-8 become surrogates, which `_cell` finds.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = csv.DictReader(file, strict=True)
        try:
            _check_column(path, column, list(rows.fieldnames or ()))
            for number, row in enumerate(rows, 1):
                yield f"{path.name} row {number}", *_cell(row, column, "")
        except csv.Error as error:
            what = f"{path} is no CSV that can be read after line {rows.line_num}: {error}"
            raise ValueError(f"{what}; a cell is that long where a quote is never closed") from None


def _parquet(path: Path, column: str) -> Read:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            _check_column(path, column, file.schema_arrow.names)
            number = 0
            for batch in file.iter_batches(256, columns=[column]):
                for value in batch.column(0):
                    number += 1
                    yield f"{path.name} row {number}", *_cell({column: value.as_py()}, column, "")
    except pyarrow.ArrowException as error:
        raise ValueError(f"{path} cannot be read as Parquet: {error}") from None


_TABLES: Mapping[str, Callable[[Path, str], Read]] = MappingProxyType(
    {".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet}
)
SUFFIXES = (".txt", *_TABLES)


def _cell(row: Mapping[str, object] | None, column: str, problem: str) -> tuple[str | None, str]:
    """The text of a row, or why there is none."""
    if row is None:
        return None, problem
    text = row.get(column)
    if not isinstance(text, str):
        return None, f"{column} is {'missing' if text is None else f'no text but {told(text)}'}"
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        return None, "it is no UTF-8"
    if size > LONGEST:
        return None, _too_long()
    if "\0" in text:
        return None, _NULL
    return (text, "") if text.strip() else (None, "it is empty")


def _check_column(path: Path, column: str, names: Sequence[str]) -> None:
    if column not in names:
        raise ValueError(f"{path} has no column {column!r}; it has {', '.join(names) or 'none'}")


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
        return None, _too_long()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, f"it is no UTF-8: byte 0x{data[error.start]:02X}"
    return (None, _NULL) if "\0" in text else (text, "")


def _too_long() -> str:
    return f"it is longer than {LONGEST >> 20} MiB; cut it into several texts"


def _parsed(line: str) -> tuple[dict[str, object] | None, str]:
    """The object of a line of JSON, or why it is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None, "it is no JSON"
    return (row, "") if isinstance(row, dict) else (None, "it is no JSON object")
