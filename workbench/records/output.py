"""`Output`: what a file is and how it looks: a figure or a table, its format, and the settings of its format."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, TypedDict, Unpack

from gemma2_workbench.export import check_target
from gemma2_workbench.limits import told
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, MAP_SUFFIXES, STRIP_SUFFIX, TABLE_SUFFIXES

LEAST_DPI, MOST_DPI = 30, 1200


class OutputSettings(TypedDict, total=False):
    """How a figure looks, see `workbench.export.export`."""

    venue: str | None
    width: str | float
    dpi: int
    title: bool
    dark: bool


@dataclass(frozen=True)
class Output:
    """Everything about a file that does not come from the run.

    Attributes:
        what: "figure" or "table".
        format: ending of the file without its dot.
        venue, width, dpi, title, dark: see `workbench.export.export`; tables have none of them.

    Raises:
        ValueError: such a content has no such format, or the resolution is out of range.
    """

    what: Literal["figure", "table"]
    format: str
    venue: str | None = None
    width: str | float = "single"
    dpi: int = 300
    title: bool = False
    dark: bool = False

    def __post_init__(self) -> None:
        """Check the format and the resolution."""
        kinds = {"figure": FIGURE_SUFFIXES, "table": TABLE_SUFFIXES}
        also = {"figure": ((STRIP_SUFFIX,), "a coloured text"), "table": (MAP_SUFFIXES, "attention maps")}
        allowed, (further, of) = kinds[self.what], also[self.what]
        if self.suffix not in (*allowed, *further):
            given = self.suffix if self.format else "a name without an ending"
            raise ValueError(
                f"a {self.what} is saved as {', '.join(allowed)}, {of} also as {', '.join(further)}; got {given}"
            )
        if not (isinstance(self.dpi, int) and LEAST_DPI <= self.dpi <= MOST_DPI):
            raise ValueError(f"dpi must lie between {LEAST_DPI} and {MOST_DPI}; got {told(self.dpi)}")

    @classmethod
    def of(cls, what: Literal["figure", "table"], path: Path, **settings: Unpack[OutputSettings]) -> Self:
        """The output of a file at `path`, which can be written.

        Raises:
            ValueError: the ending, the name or a setting is not allowed.
            OSError: the file cannot be written, see `workbench.atomic.checked_target`.
        """
        made = cls(what, path.suffix.lower()[1:], **settings)
        check_target(path)
        return made

    @property
    def suffix(self) -> str:
        """The ending of the file with its dot."""
        return f".{self.format}"

    @property
    def settings(self) -> OutputSettings:
        """The settings as `export` takes them."""
        return {"venue": self.venue, "width": self.width, "dpi": self.dpi, "title": self.title, "dark": self.dark}
