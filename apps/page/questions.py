"""`Question`, `Handler`: what a page may ask its server, and who answers.

A question is JSON with its name under "about"; its other fields are checked by a model of pydantic, because they come
from a browser. A handler is a plain function of the session, the question and `tell`, which reports progress.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from gemma2_workbench import ParityError
from gemma2_workbench.apps.page.session import Session

Q = TypeVar("Q", bound="Question")
LOG = logging.getLogger("gemma2_workbench.page")
# What a handler may raise for the reader to read; gradio's own errors are told by their message.
FAILURES = (ValueError, OSError, MemoryError, ParityError)


class Question(BaseModel):
    """What is asked; every kind of question is a subclass. Unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Tell(Protocol):
    """Reports progress: `done` of `of` steps of `what`, for example layers."""

    def __call__(self, done: int, of: int, what: str = "layers") -> None:
        """One step further."""
        ...


@dataclass(frozen=True)
class Handler(Generic[Q]):
    """Who answers one kind of question.

    Attributes:
        about: the question's name.
        question: its fields.
        answer: makes the answer, which JSON can hold. It runs in a thread of its own; ValueError, OSError, MemoryError
            and ParityError become one sentence on the page.
        model: the name of the model that must be loaded first, by the question; None where none is loaded.
        quick: answer at once, beside questions that compute; for what reads, and runs no model.
    """

    about: str
    question: type[Q]
    answer: Callable[[Session, Q, Tell], JsonValue]
    model: Callable[[Q], str | None] = lambda _question: None
    quick: bool = False


class Handlers:
    """The handlers of a page by the name of their question.

    Raises:
        ValueError: two of them answer the same.
    """

    def __init__(self, handlers: Iterable[Handler[Any]]) -> None:
        self._by_name: dict[str, Handler[Any]] = {}
        for handler in handlers:
            if handler.about in self._by_name:
                raise ValueError(f"two handlers answer {handler.about!r}")
            self._by_name[handler.about] = handler

    def read(self, asked: object) -> tuple[Handler[Any], Question]:
        """The handler of what a browser sent, and the question as it is checked.

        Raises:
            ValueError: nobody answers this, or a field is wrong; one sentence says which.
        """
        if not isinstance(asked, dict) or not isinstance(about := asked.get("about"), str):
            raise ValueError('a question is a JSON object with its name under "about"')
        handler = self._by_name.get(about)
        if handler is None:
            raise ValueError(f"nobody answers {about[:40]!r}; ask one of {', '.join(sorted(self._by_name))}")
        fields = {name: value for name, value in asked.items() if name != "about"}
        return handler, checked(handler.question, fields, about)


def checked(question: type[Q], fields: object, what: str) -> Q:
    """The question that a browser's fields make; `what` begins the sentence about a wrong one.

    Raises:
        ValueError: a field is wrong, missing or unknown.
    """
    try:
        return question.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the question"
        raise ValueError(f"{what}: {where}: {first['msg']}") from None


def sentence_of(error: BaseException) -> str:
    """What the page says of an error: its own words where they are meant for a reader, else that it failed."""
    if isinstance(error, FAILURES):
        return str(error)
    message = getattr(error, "message", None)  # gr.Error
    if isinstance(message, str):
        return message
    LOG.error("a question failed", exc_info=error)
    return "the server failed at this; its log says how. Please report it"
