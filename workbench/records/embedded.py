"""The record inside a file of ours: where each format keeps it. Nothing is run, unpickled or looked up.

A file may come from a stranger: no reader takes more of it into memory than a record can be long.
"""

import json
import mmap
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from safetensors import SafetensorError, safe_open

from gemma2_workbench.export import PARQUET_RECORD, TEX_RECORD
from gemma2_workbench.figures.text import one_line
from gemma2_workbench.records.json_text import MOST_BYTES, parsed

_HTML = re.compile(rb'<script type="application/json" id="provenance">([^<]*+)</script>')
_TEX = re.compile(rb"^" + re.escape(TEX_RECORD.encode()) + rb"([^\r\n]*+)", re.MULTILINE)
# matplotlib writes the dictionary of a file's properties uncompressed, every parenthesis and backslash escaped.
_PDF = re.compile(rb"/Subject \(((?:[^()\\]++|\\.)*+)\)", re.DOTALL)
_PDF_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PDF_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
# numpy's header of an array of bytes, which is read here without evaluating it.
_BYTES = re.compile(
    rb"\x93NUMPY\x01\x00..{'descr': '\|u1', 'fortran_order': False, 'shape': \(\d+,\), } *\n", re.DOTALL
)
_ARCHIVE_END = struct.Struct("<4s6xHI6x")  # signature, entries in all, size of their directory
_MOST_ENTRIES = 16
_TOO_LONG = f"a record is no longer than {MOST_BYTES:,} bytes"


def embedded_record(path: Path) -> str:
    """The JSON text of the record inside a figure or table.

    Raises:
        ValueError: the format keeps no record, the file has none, or it is no such file.
        OSError: the file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise ValueError(f"{path.name} keeps no record inside; give the {path.name}.json that stood beside it")
    what, read, errors = READERS[suffix]
    with path.open("rb") as file:
        empty = not file.read(1)
    try:
        text = "" if empty else read(path)
    except errors as error:
        # Pillow hides it behind an error of its own.
        short = any(isinstance(each, struct.error) for each in (error, error.__cause__))
        why = "a part ends too early" if short else one_line(str(error), 160)
        raise ValueError(f"{path.name} is no {what}, or it was cut off ({why})") from error
    if not text:
        raise ValueError(f"there is no record in {path.name}; give the {path.name}.json that stood beside it")
    return text


def _found(path: Path, pattern: re.Pattern[bytes]) -> str:
    """What a pattern finds first in a file, which stays on the disk."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = pattern.search(data)
        return "" if found is None else _short(found[1]).decode(errors="replace")


def _short(data: bytes) -> bytes:
    if len(data) > MOST_BYTES:
        raise ValueError(_TOO_LONG)
    return data


def _pdf(path: Path) -> str:
    return _PDF_ESCAPE.sub(lambda sign: _PDF_SIGNS.get(sign[1], sign[1]), _found(path, _PDF))


class _Description:
    """The first description of an SVG, without a tree of the rest."""

    _TAG = "{http://purl.org/dc/elements/1.1/}description"

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length, self.done, self._inside = 0, False, False

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._inside = tag == self._TAG and not self.done

    def data(self, data: str) -> None:
        if self._inside:
            self.parts.append(data)
            self.length += len(data)
            if self.length > MOST_BYTES:
                raise ValueError(_TOO_LONG)

    def end(self, tag: str) -> None:
        self.done = self.done or tag == self._TAG
        self._inside = False

    def close(self) -> None:
        pass


def _svg(path: Path) -> str:
    found = _Description()
    parser = ElementTree.XMLParser(target=found)
    with path.open("rb") as file:
        while not found.done and (chunk := file.read(2**16)):
            parser.feed(chunk)
    if not found.done:
        parser.close()
    return "".join(found.parts)


def _png(path: Path) -> str:
    from PIL.PngImagePlugin import PngImageFile

    # Not Image.open, which warns of pictures with many pixels; none is read here.
    with warnings.catch_warnings(action="ignore"), PngImageFile(path) as picture:
        return str(picture.info.get("Description", ""))


def _parquet(path: Path) -> str:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(
            path, thrift_string_size_limit=4 * MOST_BYTES, thrift_container_size_limit=10**6
        ) as file:
            metadata = file.schema_arrow.metadata or {}
    except ArrowException as error:
        raise ValueError(str(error)) from error
    return _short(metadata.get(PARQUET_RECORD, b"")).decode(errors="replace")


def _npz(path: Path) -> str:
    _check_directory(path)
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("about.npy")
        if entry.file_size > MOST_BYTES or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("its text is too long, or packed otherwise")
        data = archive.read(entry)
    header = _BYTES.match(data)
    if header is None:
        raise ValueError("its text is no array of bytes")
    return _of_maps(data[header.end() :].decode(errors="replace"))


def _check_directory(path: Path) -> None:
    """Refuse an archive whose list of files would fill the memory: three are in one of ours, without a comment."""
    if path.stat().st_size >= 2**32:
        raise ValueError(f"it is larger than 4 GB: give the {path.name}.json that stood beside it")
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 42, 0))
        end = file.read()
    signature, entries, size = _ARCHIVE_END.unpack(end[-22:].rjust(22))
    if signature != b"PK\5\6" or entries > _MOST_ENTRIES or size > 2**16 or end.startswith(b"PK\6\7"):
        raise ValueError("its end is not that of an archive of maps")


def _safetensors(path: Path) -> str:
    with path.open("rb") as file:
        if int.from_bytes(file.read(8), "little") > 2 * MOST_BYTES:
            raise ValueError(_TOO_LONG)
    with safe_open(str(path), framework="np") as file:
        return _of_maps((file.metadata() or {}).get("about", "{}"))


def _of_maps(about: str) -> str:
    """The record in what a map says about itself."""
    known = parsed(about)
    record = known.get("record") if isinstance(known, dict) else None
    return json.dumps(record) if record is not None else ""


_MAPS = "map of this workbench"
_PARSING = (ValueError, KeyError, OSError, EOFError, OverflowError, NotImplementedError, MemoryError, struct.error)
READERS: dict[str, tuple[str, Callable[[Path], str], tuple[type[Exception], ...]]] = {
    ".pdf": ("PDF file", _pdf, (ValueError,)),
    ".svg": ("SVG file", _svg, (ElementTree.ParseError, ValueError, LookupError)),
    ".png": ("PNG file", _png, (*_PARSING, SyntaxError, zlib.error)),
    ".html": ("page of this workbench", lambda path: _found(path, _HTML), (ValueError,)),
    ".parquet": ("Parquet file", _parquet, _PARSING),
    ".tex": ("LaTeX source", lambda path: _found(path, _TEX), (ValueError,)),
    ".npz": (_MAPS, _npz, (*_PARSING, zipfile.BadZipFile, zlib.error, RuntimeError)),
    ".safetensors": (_MAPS, _safetensors, (*_PARSING, SafetensorError)),
}
