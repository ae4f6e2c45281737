"""Figures and tables as files: one function, the suffix decides.

A file appears whole or not at all. With `provenance` the record is also inside the file (all formats but CSV) and,
with the file's SHA-256, beside it as JSON, so that a picture can be traced back to its numbers and its model.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
from pathlib import Path

import pandas as pd

from gemma2_workbench.atomic import checked_target, write_all
from gemma2_workbench.figures.spec import FigureSpec, Panel, Panels, TokenStrip
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.maps import Maps, packed
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, MAP_SUFFIXES, STRIP_SUFFIX, TABLE_SUFFIXES

TEX_RECORD = "% provenance: "
PARQUET_RECORD = b"provenance"


def export(
    content: FigureSpec | pd.DataFrame | Maps,
    path: str | os.PathLike[str],
    *,
    width: str | float = "single",
    venue: str | None = None,
    dpi: int = 300,
    title: bool = False,
    dark: bool = False,
    provenance: JsonObject | None = None,
) -> Path:
    """Write a figure, a table or maps to `path` and return the path.

    Args:
        content: a figure specification (.pdf, .svg, .png, .html; coloured texts also .tex), a table (.csv, .parquet,
            .tex with booktabs), or maps (.npz, .safetensors).
        path: the file; its folder must exist. A file of that name is replaced.
        width, venue, dpi, title: of paper figures, see `workbench.figures.paper.render`.
        dark: colours of an HTML page.
        provenance: what JSON can hold; goes into the file's metadata and into `<path>.json`.

    Raises:
        TypeError: the content is none of these, or JSON cannot hold the provenance.
        ValueError: the suffix, width or venue is not one of the allowed, which the message lists.
        OSError: the folder does not exist, the file cannot be written; as `workbench.atomic.checked_target`.
        ImportError: Parquet is asked for and pyarrow is not installed.
    """
    target = Path(path)
    check_target(target, record=provenance is not None)
    settings: JsonObject = {"width": width, "venue": venue, "dpi": dpi, "title": title, "dark": dark}
    data = as_bytes(content, target.suffix, provenance=provenance, **settings)
    write(target, data, provenance)
    return target


def as_bytes(
    content: FigureSpec | pd.DataFrame | Maps,
    suffix: str,
    *,
    width: str | float = "single",
    venue: str | None = None,
    dpi: int = 300,
    title: bool = False,
    dark: bool = False,
    provenance: JsonObject | None = None,
) -> bytes:
    """The bytes of the file that `export` writes; the same input gives the same bytes.

    Raises:
        TypeError, ValueError, ImportError: as `export`.
    """
    kind = suffix.lower()
    record = "" if provenance is None else json.dumps(provenance, sort_keys=True, allow_nan=False)
    if isinstance(content, Maps):
        _check(suffix, MAP_SUFFIXES, "a map")
        return packed(content, kind, provenance)
    if isinstance(content, pd.DataFrame):
        _check(suffix, TABLE_SUFFIXES, "a table")
        return _table(content, kind, record)
    if not isinstance(content, Panel | Panels):
        raise TypeError(f"export takes a figure specification, a DataFrame or Maps; got {type(content).__name__}")
    strips = _strips(content)
    _check(suffix, (*FIGURE_SUFFIXES, STRIP_SUFFIX) if strips else FIGURE_SUFFIXES, "a text" if strips else "a figure")
    # Renderers are loaded when they are needed: matplotlib takes a second that a table need not wait for.
    if kind == ".html":
        from gemma2_workbench.figures import screen

        page = screen.page(screen.render(content, dark), content.title, dark, provenance)
        return page.encode(errors="backslashreplace")
    if kind == STRIP_SUFFIX:
        from gemma2_workbench.latex import colorbox, colorboxes

        return _source(colorbox(content) if isinstance(content, TokenStrip) else colorboxes(strips), record)
    from gemma2_workbench.figures import paper

    return paper.render(content, kind[1:], width, venue=venue, dpi=dpi, title=title, record=record)


def check_target(target: Path, record: bool = True) -> None:
    """Refuse a file that cannot be written, or whose `record` beside it cannot, before any work is done for it.

    Raises:
        OSError: as `workbench.atomic.checked_target`.
        ValueError: the record, which is text, cannot hold the name of the file.
    """
    checked_target(target)
    if record:
        checked_target(sidecar_of(target))
        if any("\ud800" <= character <= "\udfff" for character in target.name):
            raise ValueError(f"{target.name!r} is no UTF-8 name, and the record of the file holds it; save elsewhere")


def write(target: Path, data: bytes, provenance: JsonObject | None = None) -> None:
    """Write a file's bytes, and its record beside it."""
    record = {} if provenance is None else {sidecar_of(target): sidecar(data, provenance)}
    write_all({target: data} | record)


def sidecar_of(target: Path) -> Path:
    """The file that holds the record of `target`."""
    return target.with_name(f"{target.name}.json")


def sidecar(data: bytes, provenance: JsonObject) -> bytes:
    """The JSON file that stands beside a file with these bytes."""
    record = {**provenance, "sha256": hashlib.sha256(data).hexdigest()}
    text = json.dumps(record, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode(errors="backslashreplace")


def _strips(content: Panel | Panels) -> tuple[TokenStrip, ...]:
    """The coloured texts that a figure consists of; none if anything else is in it."""
    parts = content.figures if isinstance(content, Panels) else (content,)
    strips = tuple(part for part in parts if isinstance(part, TokenStrip))
    return strips if len(strips) == len(parts) else ()


def _check(suffix: str, allowed: tuple[str, ...], what: str) -> None:
    if suffix.lower() not in allowed:
        raise ValueError(f"{what} is saved as {', '.join(allowed)}; got {suffix or 'a name without an ending'}")


def _table(table: pd.DataFrame, suffix: str, record: str) -> bytes:
    """The table's bytes; the row index is left out, because every column of a tidy table has a name."""
    if suffix == ".csv":
        return table.to_csv(index=False, lineterminator="\n").encode(errors="backslashreplace")
    if suffix == ".tex":
        from gemma2_workbench.latex import booktabs

        return _source(booktabs(table), record)
    return _parquet(table, record)


def _source(text: str, record: str) -> bytes:
    """LaTeX source under its record; JSON in ASCII is one line, so that all of it is a comment."""
    comment = f"{TEX_RECORD}{record}\n" if record else ""
    return f"{comment}{text}".encode(errors="backslashreplace")


def _parquet(table: pd.DataFrame, record: str) -> bytes:
    """The table as Parquet with its record in the schema's metadata."""
    if importlib.util.find_spec("pyarrow") is None:
        raise ImportError("Parquet files need pyarrow: pip install pyarrow; or save as .csv")
    import pyarrow
    from pyarrow import parquet

    columns = pyarrow.Table.from_pandas(table, preserve_index=False)
    if record:
        columns = columns.replace_schema_metadata({**(columns.schema.metadata or {}), PARQUET_RECORD: record})
    buffer = io.BytesIO()
    parquet.write_table(columns, buffer)
    return buffer.getvalue()
