"""Figures and tables as files: one function, the suffix decides.

A file appears whole or not at all. With `provenance` the record is also inside the file (PDF, SVG, PNG, HTML) and
beside it as JSON, so that a picture can be traced back to the numbers and the model it came from.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import secrets
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.figures.spec import FigureSpec, Panel, Panels

FIGURE_SUFFIXES = (".pdf", ".svg", ".png", ".html")
TABLE_SUFFIXES = (".csv", ".parquet", ".tex")


def export(
    content: FigureSpec | pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    width: str | float = "single",
    venue: str | None = None,
    dpi: int = 300,
    title: bool = False,
    dark: bool = False,
    provenance: dict[str, Any] | None = None,
) -> Path:
    """Write a figure or a table to `path` and return the path.

    Args:
        content: a figure specification (.pdf, .svg, .png, .html) or a table (.csv, .parquet, .tex with booktabs).
        path: the file; its folder must exist. A file of that name is replaced.
        width, venue, dpi, title: of paper figures, see `workbench.figures.paper.render`.
        dark: colours of an HTML page.
        provenance: what JSON can hold; goes into the figure file's metadata and into `<path>.json`.

    Raises:
        TypeError: the content is neither a figure nor a table, or JSON cannot hold the provenance.
        ValueError: the suffix, width or venue is not one of the allowed, which the message lists.
        FileNotFoundError: the folder does not exist.
        ImportError: Parquet is asked for and pyarrow is not installed.
    """
    target = Path(path)
    record = "" if provenance is None else json.dumps(provenance, sort_keys=True, allow_nan=False)
    if isinstance(content, pd.DataFrame):
        _check(target, TABLE_SUFFIXES, "a table")
        data = _table(content, target.suffix.lower())
    elif isinstance(content, Panel | Panels):
        _check(target, FIGURE_SUFFIXES, "a figure")
        if target.suffix.lower() == ".html":
            data = _page(content, dark, provenance)
        else:
            # Renderers are loaded when they are needed: matplotlib takes a second that a table need not wait for.
            from workbench.figures import paper

            fmt = target.suffix.lower()[1:]
            data = paper.render(content, fmt, width, venue=venue, dpi=dpi, title=title, record=record)
    else:
        raise TypeError(f"export takes a figure specification or a DataFrame; got {type(content).__name__}")
    _write(target, data)
    if provenance is not None:
        text = json.dumps(provenance, sort_keys=True, indent=2, ensure_ascii=False)
        _write(target.with_name(target.name + ".json"), f"{text}\n".encode(errors="backslashreplace"))
    return target


def _check(target: Path, allowed: tuple[str, ...], what: str) -> None:
    """The suffix is allowed and the folder exists."""
    if target.suffix.lower() not in allowed:
        raise ValueError(f"{what} is saved as {', '.join(allowed)}; got {target.name!r}")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"the folder {target.parent} does not exist; make it first, or save elsewhere")


def _page(spec: FigureSpec, dark: bool, provenance: dict[str, Any] | None) -> bytes:
    """The figure as one offline HTML page."""
    from workbench.figures import screen

    page = screen.page(screen.render(spec, dark), spec.title, dark, provenance)
    return page.encode(errors="backslashreplace")


def _table(table: pd.DataFrame, suffix: str) -> bytes:
    """The table's bytes; the row index is left out, because every column of a tidy table has a name."""
    if suffix == ".csv":
        return table.to_csv(index=False, lineterminator="\n").encode(errors="backslashreplace")
    if suffix == ".tex":
        text = table.to_latex(index=False, escape=True, na_rep="--", float_format="%.4g")
        return text.encode(errors="backslashreplace")
    if importlib.util.find_spec("pyarrow") is None:
        raise ImportError("Parquet files need pyarrow: pip install pyarrow; or save as .csv")
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _write(target: Path, data: bytes) -> None:
    """Replace `target` in one step, so that nobody ever reads half a file."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
