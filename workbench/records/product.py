"""`Product`: the bytes of a file and its record, made from a drawing, its look and the runs."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from gemma2_workbench.atomic import write_all
from gemma2_workbench.export import as_bytes, sidecar, sidecar_of
from gemma2_workbench.figures.spec import FigureSpec, Panel, Panels
from gemma2_workbench.maps import Maps
from gemma2_workbench.records.drawing import check_panels
from gemma2_workbench.records.look import Look
from gemma2_workbench.records.record import Shown, record_of
from gemma2_workbench.records.run import Run
from gemma2_workbench.records.scales import scales_of
from gemma2_workbench.records.situation import KIND
from gemma2_workbench.suffixes import MAP_SUFFIXES


@dataclass(frozen=True, eq=False)
class Product:
    """A file before it is written.

    Attributes:
        content: the figure, the table or the maps.
        look: its format and settings.
        record: where it comes from.
    """

    content: FigureSpec | pd.DataFrame | Maps
    look: Look
    record: dict[str, Any]

    @cached_property
    def data(self) -> bytes:
        """The file, with its record inside where the format has room for one."""
        return as_bytes(self.content, self.look.suffix, provenance=self.record, **self.look.settings)

    @property
    def sha256(self) -> str:
        """Checksum of the file."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def sidecar(self) -> bytes:
        """The JSON file that stands beside it."""
        return sidecar(self.data, self.record)

    def save(self, path: Path) -> Path:
        """Write the file and its sidecar; return the path."""
        write_all(self.files(path))
        return path

    def files(self, path: Path) -> dict[Path, bytes]:
        """What is written for the file at `path`: its bytes, and its sidecar."""
        return {path: self.data, sidecar_of(path): self.sidecar}


def produced(drawing: Shown, look: Look, runs: Sequence[Run], file_name: str) -> Product:
    """Draw, or take the numbers, and record it; a situation and a reason need no runs.

    Raises:
        ValueError: an option's value that a run does not have, or more panels than letters.
    """
    traces = [run.trace for run in runs]
    if look.suffix in MAP_SUFFIXES:
        maps = drawing.maps(traces)
        return Product(maps, look, record_of(drawing, look, runs, maps, file_name))
    if look.what == "figure":
        # Before any table is made: a product of options soon has more cells than memory.
        check_panels(len(drawing.parts))
    tables = drawing.tables(traces)
    numbers = drawing.table(tables)
    record = record_of(drawing, look, runs, numbers, file_name)
    if look.what == "table":
        return Product(numbers, look, record)
    figure = drawing.figure(traces, tables)
    return Product(figure, look, record | {"scales": scales_of(figure)})


def included(product: Product, file_name: str) -> bytes:
    """LaTeX source of a figure environment with the picture and a draft of its caption.

    Raises:
        ValueError: LaTeX cannot include such a file.
    """
    # matplotlib comes with it, which a table need not wait for.
    from gemma2_workbench.latex import caption, inclusion

    content, look = product.content, product.look
    if not isinstance(content, Panel | Panels):
        raise ValueError("only a figure is included as one; tables and maps are not")
    record = product.record
    if record.get("kind") == KIND:
        model = "" if record["model"] is None else f" Model: {record['model']['name']}, {record['model']['read']}."
        words = f"{caption(content)} Situation: {record['sentence']}.{model}"
    else:
        whole = f"0:{len(record['ids'])}"
        # What the title says already, and that all of the text is shown, need no sentence of the caption.
        options = {name: value for name, value in record.get("options", {}).items() if value != whole}
        words = caption(content, record | {"options": options, "overrides": [], "modified_model": False})
    source = inclusion(file_name, words, width=look.width, venue=look.venue)
    return source.encode(errors="backslashreplace")
