"""`Savable`: a kind of thing on the page that is saved as a file, and `Output` of how, as a browser asks for it.

The page describes what it shows, {"kind": ..., fields}; the room that shows it makes a recipe of it, and everything
after that is what the commands `figure`, `table`, `mask`, `why` and `compare` do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import JsonValue

from gemma2_workbench.apps.page.questions import Question, checked
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.records.output import Output
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.suffixes import FIGURE_SUFFIXES, STRIP_SUFFIX

Q = TypeVar("Q", bound=Question)


@dataclass(frozen=True)
class Savable(Generic[Q]):
    """One kind: its name, its fields, and the recipe that they describe.

    `recipe` raises ValueError where a run is no longer held, or an option is not allowed.
    """

    kind: str
    question: type[Q]
    recipe: Callable[[Session, Q], Recipe]


class Savables:
    """The kinds of a page by name."""

    def __init__(self, savables: Iterable[Savable[Any]]) -> None:
        self._by_kind = {savable.kind: savable for savable in savables}

    def recipe(self, session: Session, shown: dict[str, JsonValue]) -> Recipe:
        """The recipe of what the page shows.

        Raises:
            ValueError: there is no such kind, a field is wrong, or as `Savable.recipe`.
        """
        savable = self._by_kind.get(str(shown.get("kind")))
        if savable is None:
            raise ValueError(f"nothing here is saved as {shown.get('kind')!r}; known: {', '.join(self._by_kind)}")
        fields = {name: value for name, value in shown.items() if name != "kind"}
        return savable.recipe(session, checked(savable.question, fields, f"saving the {savable.kind}"))


def output_of(format: str, venue: str | None, width: str | float, dark: bool = False, dpi: int = 300) -> Output:
    """How a file looks; a table has no look.

    Raises:
        ValueError: no such format or venue.
    """
    if f".{format}" not in (*FIGURE_SUFFIXES, STRIP_SUFFIX):
        return Output("table", format)
    return Output("figure", format, venue, width, dpi, dark=dark and format == "html")
