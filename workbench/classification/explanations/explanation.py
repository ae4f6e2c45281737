"""`Explanation`: the numbers that answer why a label is what it is, with their table, their picture and their sentence.

One kind a file; a line in `workbench.classification.choices.EXPLANATIONS` makes it known to page, commands and records.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from inspect import getdoc
from pkgutil import resolve_name
from typing import ClassVar

import pandas as pd

from gemma2_workbench.classification.choices import EXPLANATIONS, FORMER_NAMES
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.target import Target
from gemma2_workbench.figures.spec import Panel
from gemma2_workbench.models.classifier import Classifier


class Explanation(ABC):
    """An answer; subclasses are frozen dataclasses.

    Attributes:
        TITLE: what it is called above its help, which is the docstring of its module.
        OPTIONS: names of the fields of `Request` that it takes beside the word and its labels.
        STRIP: whether its picture is a text in colours.
        SIGNED: whether positive numbers speak for the label.
        MADE_BY: packages that compute it, whose versions its records name.
    """

    TITLE: ClassVar[str]
    OPTIONS: ClassVar[tuple[str, ...]] = ()
    STRIP: ClassVar[bool] = False
    SIGNED: ClassVar[bool] = False
    MADE_BY: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstractmethod
    def of(cls, loaded: Classifier, target: Target, request: Request) -> "Explanation":
        """Compute it.

        Args:
            loaded: a classifier; of `with applied(loaded, changes) as changed`, the changed one.
            target: the question.
            request: the text and the `OPTIONS`.

        Raises:
            ValueError: the options ask for what is not there.
            MemoryError: the text is too long for it.
        """

    @property
    def settled(self) -> Mapping[str, int]:
        """The options that were left to the model, as it chose them."""
        return {}

    @property
    def about(self) -> str:
        """What else the title of the answer says, after the question."""
        return ""

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """All its numbers, tidy. Positions, words, layers and heads count from 0; scores are in logits."""

    @abstractmethod
    def printed(self) -> pd.DataFrame:
        """What a terminal shows of it, most important row first, with column names that people read."""

    @abstractmethod
    def figure(self) -> Panel:
        """Its picture.

        Raises:
            ValueError: there is nothing to draw.
        """

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What the numbers say and do not say, in plain sentences."""


def explanation_named(name: str) -> type[Explanation]:
    """The explanation of this name.

    Raises:
        ValueError: there is none.
    """
    known = FORMER_NAMES.get(name, name)
    if known not in EXPLANATIONS:
        raise ValueError(f"show {name!r} is unknown; choose from {', '.join(EXPLANATIONS)}")
    found: type[Explanation] = resolve_name(EXPLANATIONS[known])
    return found


def help_of(kind: type[Explanation]) -> str:
    """What an explanation is, what it shows and what it does not, as Markdown."""
    return getdoc(sys.modules[kind.__module__]) or ""


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, as people write numbers."""
    return f"{value:+.{digits}f}".replace("-", "−")


def asked_in(frame: pd.DataFrame, columns: tuple[str, ...], target: Target) -> pd.DataFrame:
    """A table with the question beside each row, and with its columns in order."""
    return frame.assign(asked=target.text, label=target.label, against=target.against).reindex(columns=list(columns))


def largest(frame: pd.DataFrame, by: str, named: Mapping[str, str]) -> pd.DataFrame:
    """The rows of a table by the size of one column, largest first, its `named` columns only."""
    order = frame.sort_values(by, ascending=False, kind="stable", key=lambda column: column.abs())
    return named_columns(order, named)


def named_columns(frame: pd.DataFrame, named: Mapping[str, str]) -> pd.DataFrame:
    """Some columns of a table, in order and under other names."""
    return frame.reindex(columns=list(named)).set_axis(list(named.values()), axis=1)
