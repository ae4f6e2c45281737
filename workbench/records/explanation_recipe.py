"""`ExplanationRecipe`: why a word has its label, or the labels themselves, saved by `why` and the bench."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from gemma2_workbench.classification.choices import REASONS
from gemma2_workbench.classification.reasons.question import Answer, Question, answered
from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.records.again import MOST_TOKENS, Again, check_tokens
from gemma2_workbench.records.command import Command, changes_flags, model_flags
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.records.schema import FilePart, SubRecord, Weights
from gemma2_workbench.records.values import Changes, Ids, Index, Name, Text, change_of
from gemma2_workbench.traces.interventions import as_data
from gemma2_workbench.versions import versions

# Every word may be read again for every other one.
MOST_TOKENS_EXPLAINED = 2_048


class AskedPart(SubRecord):
    """What is asked about which word."""

    word: Index
    label: Name | None
    against: Name | None
    sentence: Text


class ExplanationPanel(SubRecord):
    """The one panel."""

    caption: Text


class ExplanationRecord(FilePart):
    """The record of a reason for a label, or of labels."""

    ADDED: ClassVar = ("label_token",)

    kind: Literal["reason"]
    model: Weights
    text: Text
    ids: Ids
    overrides: Changes
    modified_model: bool
    show: Name
    question: AskedPart | None
    method: Name | None
    layer: Index | None
    head: Index | None
    label_token: Literal["first", "last", "mean"] | None = None
    panels: Annotated[list[ExplanationPanel], Field(min_length=1, max_length=1)]

    @property
    def asked(self) -> Question:
        """The question that the file answers.

        Raises:
            ValueError: its parts do not fit each other.
        """
        about = {} if self.question is None else self.question.model_dump(exclude={"sentence"})
        method = {} if self.method is None else {"method": self.method}
        changes = tuple(map(change_of, self.overrides))
        # Files from before this could be chosen read labels at the last sub-token.
        label_token = self.label_token if "label_token" in self.model_fields_set else "last"
        at = {"layer": self.layer, "head": self.head, "label_token": label_token}
        return Question(self.text, self.show, **about, **method, **at, changes=changes)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _ = self.asked
        return self


@dataclass(frozen=True, eq=False)
class ExplanationRecipe(Recipe):
    """An answer as a file shows it, in one panel."""

    answer: Answer

    KIND: ClassVar = "reason"
    SCHEMA: ClassVar = ExplanationRecord

    @property
    def drawable(self) -> bool:
        """See `Recipe`."""
        return self.answer.question.show in REASONS

    @property
    def cells(self) -> int:
        """See `Recipe`."""
        return self.answer.table.size

    def captions(self) -> list[str]:
        """One panel needs no caption."""
        return [""]

    def tables(self) -> list[pd.DataFrame]:
        """The one table."""
        return [self.answer.table]

    def figure(self, tables: Sequence[pd.DataFrame]) -> FigureSpec:
        """See `Recipe`; labels are a table."""
        return self.answer.figure()

    def as_record(self) -> dict[str, Any]:
        """See `Recipe`."""
        answer, question = self.answer, self.answer.question
        sentence = "" if answer.target is None else answer.target.sentence
        about = {name: getattr(question, name) for name in ("word", "label", "against")} | {"sentence": sentence}
        # captum computes the gradients.
        made_by = {"versions": versions("captum")} if question.show == "saliency" else {}
        return {
            **made_by,
            "kind": self.KIND,
            "model": asdict(answer.model),
            "text": question.text,
            "ids": list(answer.ids),
            "overrides": [{**as_data(change), "sentence": change.sentence} for change in question.changes],
            "modified_model": bool(question.changes),
            "show": question.show,
            "question": None if question.word is None else about,
            "method": question.method if question.show == "saliency" else None,
            "layer": question.layer,
            "head": question.head,
            "label_token": question.label_token,
            "panels": [{"caption": ""}],
            "columns": 1,
        }

    @classmethod
    def make_again(cls, record: ExplanationRecord, again: Again) -> Self:
        """See `Recipe`."""
        loaded, question = again.model(record.model), record.asked
        most = MOST_TOKENS_EXPLAINED if question.show in REASONS else MOST_TOKENS
        check_tokens([(loaded, question.text)], most)
        return cls(answered(loaded, question))

    @staticmethod
    def command(record: Mapping[str, Any]) -> Command:
        """See `Recipe`."""
        values = {**(record["question"] or {}), **{name: record[name] for name in ("method", "layer", "head")}}
        values["label-token"] = record.get("label_token")
        words = ["why", f"--show={record['show']}"]
        words += [f"--{name}={value}" for name, value in values.items() if name != "sentence" and value is not None]
        words += model_flags(record["model"]) + changes_flags(record["overrides"])
        return Command(words, [record["text"]])
