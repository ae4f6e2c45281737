"""The record inside a file of ours: where each format keeps it. Nothing is run, unpickled or looked up."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree
from zipfile import BadZipFile

import numpy as np
from safetensors import SafetensorError, safe_open

from workbench.export import PARQUET_RECORD, TEX_RECORD

_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}description"
_HTML = re.compile(r'<script type="application/json" id="provenance">([^<]*)</script>')
# matplotlib writes the dictionary of a file's properties uncompressed, every parenthesis and backslash escaped.
_PDF = re.compile(rb"/Subject \(((?:[^()\\]|\\.)*)\)", re.DOTALL)
_PDF_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PDF_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def embedded_record(path: Path) -> str:
    """The JSON text of the record inside a figure or table.

    Raises:
        ValueError: the format keeps no record, or the file has none.
        OSError: the file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise ValueError(f"{path.name} keeps no record inside; give the {path.name}.json that stood beside it")
    text = READERS[suffix](path)
    if not text:
        raise ValueError(f"there is no record in {path.name}; give the {path.name}.json that stood beside it")
    return text


def _pdf(path: Path) -> str:
    found = _PDF.search(path.read_bytes())
    if found is None:
        return ""
    return _PDF_ESCAPE.sub(lambda sign: _PDF_SIGNS.get(sign[1], sign[1]), found[1].decode("ascii", "replace"))


def _svg(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = (element for _, element in ElementTree.iterparse(file) if element.tag == _DUBLIN_CORE)
            return next((element.text or "" for element in found), "")
    except ElementTree.ParseError as error:
        raise ValueError(f"{path.name} is no SVG file, or it was cut off ({error})") from error


def _png(path: Path) -> str:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            return str(picture.info.get("Description", ""))
    except UnidentifiedImageError as error:
        raise ValueError(f"{path.name} is no PNG file, or it was cut off") from error


def _page(path: Path) -> str:
    found = _HTML.search(path.read_text(encoding="utf-8", errors="replace"))
    return found[1] if found else ""


def _parquet(path: Path) -> str:
    from pyarrow import ArrowException, parquet

    try:
        metadata = parquet.read_schema(path).metadata or {}
    except ArrowException as error:
        raise ValueError(f"{path.name} is no Parquet file, or it was cut off") from error
    return metadata.get(PARQUET_RECORD, b"").decode(errors="replace")


def _npz(path: Path) -> str:
    try:
        with np.load(path, allow_pickle=False) as file:
            return _of_maps(file["about"].tobytes().decode(errors="replace"))
    except (ValueError, KeyError, OSError, BadZipFile) as error:
        raise ValueError(f"{path.name} is no map of this workbench, or it was cut off ({error})") from error


def _safetensors(path: Path) -> str:
    try:
        with safe_open(str(path), framework="np") as file:
            return _of_maps((file.metadata() or {}).get("about", "{}"))
    except (ValueError, SafetensorError) as error:
        raise ValueError(f"{path.name} is no map of this workbench, or it was cut off ({error})") from error


def _of_maps(about: str) -> str:
    """The record in what a map says about itself."""
    record = json.loads(about).get("record")
    return json.dumps(record) if record is not None else ""


def _tex(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return next((line.removeprefix(TEX_RECORD) for line in file if line.startswith(TEX_RECORD)), "")


READERS: dict[str, Callable[[Path], str]] = {
    ".pdf": _pdf,
    ".svg": _svg,
    ".png": _png,
    ".html": _page,
    ".parquet": _parquet,
    ".tex": _tex,
    ".npz": _npz,
    ".safetensors": _safetensors,
}
