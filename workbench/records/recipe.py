"""`Recipe`: what a saved file shows, and how it is drawn again from its record. One kind a file, see `recipes`."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import pandas as pd

from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.maps import Maps
from gemma2_workbench.records.again import Again
from gemma2_workbench.records.command import Command
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.schema import FilePart


class Recipe(ABC):
    """One kind of thing that is saved as a figure or as a table; subclasses are frozen dataclasses.

    Attributes:
        KIND: what its records call it; None for the first kind that there was.
        SCHEMA: what its records hold.
    """

    KIND: ClassVar[str | None]
    SCHEMA: ClassVar[type[FilePart]]

    @property
    @abstractmethod
    def cells(self) -> int:
        """How many cells its tables have, about; known before any is made.

        Raises:
            ValueError: an option's value that does not exist.
        """

    @property
    def drawable(self) -> bool:
        """Whether there is a picture of it, and not only a table."""
        return True

    @abstractmethod
    def captions(self) -> list[str]:
        """What tells each panel from the others, in words; one empty caption for a single panel."""

    @abstractmethod
    def tables(self) -> list[pd.DataFrame]:
        """The table of every panel.

        Raises:
            ValueError: an option's value that does not exist.
        """

    def table(self, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """The tables of all panels as one."""
        return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)

    @abstractmethod
    def figure(self, tables: Sequence[pd.DataFrame]) -> FigureSpec:
        """The figure of its tables; its title names a modified model.

        Raises:
            ValueError: there is no picture of it.
        """

    @abstractmethod
    def as_record(self) -> JsonObject:
        """Its part of a record: what `SCHEMA` holds beyond `FilePart`, and `columns`."""

    @staticmethod
    @abstractmethod
    def command(record: JsonObject) -> Command | None:
        """The command that makes the file of a record, without how the file looks and its name.

        None where no flags say it: then the record itself is what makes it again.
        """

    @classmethod
    @abstractmethod
    def make_again(cls, record: Any, again: Again) -> Self:
        """The same from a record of `SCHEMA`, with models and runs as they are now.

        Raises:
            OSError: a model or a trace is not here, or cannot be read.
            ValueError: the record does not fit them, or asks for more than a redrawing does.
        """

    @staticmethod
    def sources(record: JsonObject) -> list[JsonObject]:
        """The parts of a record that may each name a model and a trace, as JSON holds them."""
        return [record]

    def unseen(self, output: Output) -> Iterator[str]:
        """What of it neither the file nor its command shows, in sentences."""
        yield from ()

    def caption(self, spec: FigureSpec, record: JsonObject) -> str:
        """A draft of the caption of its figure in a paper."""
        # matplotlib comes with it, which a table need not wait for.
        from gemma2_workbench.latex import caption

        whole = f"0:{len(record['ids'])}"
        # What the title says already, and that all of the text is shown, need no sentence of the caption.
        options = {name: value for name, value in record.get("options", {}).items() if value != whole}
        return caption(spec, {**record, "options": options, "overrides": [], "modified_model": False})


@runtime_checkable
class HasMaps(Protocol):
    """What is saved as maps too (`maps.MAP_SUFFIXES`)."""

    def maps(self) -> Maps:
        """The maps, [layers, heads, Q, S].

        Raises:
            ValueError: there are none of what is shown.
        """
        ...


def unseen_columns(output: Output, panels: int, columns: int, usual: int) -> Iterator[str]:
    """Columns of a table, or of one panel, mean nothing."""
    if columns != usual and (output.what == "table" or panels == 1):
        yield f"{columns} columns mean nothing for such a file; usual are {usual}"
