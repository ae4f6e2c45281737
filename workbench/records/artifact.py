"""`Artifact`: the bytes of a file and its record, made from a recipe and its output."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from gemma2_workbench.atomic import write_all
from gemma2_workbench.export import as_bytes, sidecar, sidecar_of
from gemma2_workbench.figures.spec import FigureSpec, Panel, Panels
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.maps import Maps
from gemma2_workbench.records.anonymous import Provenance, anonymised
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.recipe import HasMaps, Recipe
from gemma2_workbench.records.record import command_for, record_of
from gemma2_workbench.records.scales import scales_of
from gemma2_workbench.records.viewed import check_panels
from gemma2_workbench.suffixes import MAP_SUFFIXES


@dataclass(frozen=True, eq=False)
class Artifact:
    """A file before it is written.

    Attributes:
        recipe: what it shows.
        content: the figure, the table or the maps.
        output: its format and settings.
        record: where it comes from.
        recorded: whether the file carries the record.
    """

    recipe: Recipe
    content: FigureSpec | pd.DataFrame | Maps
    output: Output
    record: JsonObject
    recorded: bool = True

    @cached_property
    def data(self) -> bytes:
        """The file, with its record inside where it carries one and the format has room for it."""
        provenance = self.record if self.recorded else None
        return as_bytes(self.content, self.output.suffix, provenance=provenance, **self.output.settings)

    @property
    def sha256(self) -> str:
        """Checksum of the file."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def sidecar(self) -> bytes:
        """The JSON file that stands beside it."""
        return sidecar(self.data, self.record)

    def save(self, path: Path) -> Path:
        """Write the file, and its sidecar where it carries a record; return the path."""
        write_all(self.files(path))
        return path

    def files(self, path: Path) -> dict[Path, bytes]:
        """What is written for the file at `path`: its bytes, and its sidecar where it carries a record."""
        return {path: self.data} | ({sidecar_of(path): self.sidecar} if self.recorded else {})


def produced(recipe: Recipe, output: Output, file_name: str, provenance: Provenance = "full") -> Artifact:
    """Draw, or take the numbers, and record it.

    Args:
        recipe: what is shown.
        output: how.
        file_name: what the command of the record calls the file.
        provenance: whether the file carries its record, and whether that names the author's folders and models.

    Raises:
        ValueError: an option's value that a run does not have, more panels than letters, or maps of what has none.
    """
    content, numbers = _content(recipe, output)
    record = record_of(recipe, output, numbers, file_name)
    if provenance != "full":
        record = anonymised(record, recipe)
        record |= {"command": command_for(recipe, record, file_name)}
    if isinstance(content, Panel | Panels):
        record |= {"scales": scales_of(content)}
    return Artifact(recipe, content, output, record, provenance != "none")


def _content(recipe: Recipe, output: Output) -> tuple[FigureSpec | pd.DataFrame | Maps, pd.DataFrame | Maps]:
    """What the file holds, and the numbers behind it."""
    if output.suffix in MAP_SUFFIXES:
        if not isinstance(recipe, HasMaps):
            raise ValueError(
                f"{' and '.join(MAP_SUFFIXES)} hold attention maps of one run; save this as a figure or as a table"
            )
        maps = recipe.maps()
        return maps, maps
    if output.what == "figure":
        # Before any table is made: a product of options soon has more cells than memory.
        check_panels(len(recipe.captions()))
    tables = recipe.tables()
    numbers = recipe.table(tables)
    return (numbers if output.what == "table" else recipe.figure(tables)), numbers


def included(artifact: Artifact, file_name: str) -> bytes:
    """LaTeX source of a figure environment with the picture and a draft of its caption.

    Raises:
        ValueError: LaTeX cannot include such a file.
    """
    # matplotlib comes with it, which a table need not wait for.
    from gemma2_workbench.latex import inclusion

    content, output = artifact.content, artifact.output
    if not isinstance(content, Panel | Panels):
        raise ValueError("only a figure is included as one; tables and maps are not")
    words = artifact.recipe.caption(content, artifact.record)
    source = inclusion(file_name, words, width=output.width, venue=output.venue)
    return source.encode(errors="backslashreplace")
