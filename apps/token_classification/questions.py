"""What Classify asks: a text to label, why a word has its label, a file to compare with."""

from typing import Annotated, Literal

from pydantic import Field

from gemma2_workbench.apps.page.questions import Question
from gemma2_workbench.apps.serving.limits import checked_text
from gemma2_workbench.classification.choices import METHODS, UNITS
from gemma2_workbench.classification.explanations.request import Request

MOST_SWAPS = 32
Index = Annotated[int, Field(ge=0)]


class OfText(Question):
    """A text, and the classifier that labels it."""

    model: str
    text: str

    @property
    def checked(self) -> str:
        """The text, if a page labels one of its length."""
        return checked_text(self.text)


class OfWord(OfText):
    """One of its words, by its number through all sentences."""

    word: Index


class Why(OfWord):
    """An explanation of the label of a word, or of the entity that it belongs to; the fields are those of `Request`."""

    show: str
    entity: bool = False
    label: str | None = None
    against: str | None = None
    method: str = METHODS[0]
    per: str = UNITS[0]
    layer: Index | None = None
    head: Index | None = None
    swap: Index | None = None
    by: Annotated[list[str], Field(max_length=MOST_SWAPS)] = []

    @property
    def request(self) -> Request:
        """What the library is asked.

        Raises:
            ValueError: there is no such thing to show, or no such option.
        """
        asked = self.model_dump(exclude={"model", "by"}) | {"text": self.checked, "by": tuple(self.by)}
        return Request(**asked)


class Labels(OfText):
    """The labels of a text as a table."""

    show: Literal["entities", "words"]

    @property
    def request(self) -> Request:
        """What the library is asked."""
        return Request(self.checked, self.show)


class File(Question):
    """A CoNLL file with the right labels, as text; its columns as of `Columns`, None for TOKEN<TAB>TAG."""

    model: str
    name: Annotated[str, Field(pattern=r"^[^/\\\x00-\x1f]{1,120}$")]
    content: str
    token_column: str | None = None
    tag_column: str | None = None
