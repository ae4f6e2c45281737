"""`ExplanationRecipe`: why a word has its label, or the labels themselves, saved by `why` and the bench."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from gemma2_workbench.classification.choices import METHODS, UNITS
from gemma2_workbench.classification.explanations.answer import Answer, answered
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.records.again import MOST_TOKENS, Again, check_tokens
from gemma2_workbench.records.command import Command, changes_flags, model_flags
from gemma2_workbench.records.recipe import Recipe
from gemma2_workbench.records.schema import FilePart, SubRecord, Weights
from gemma2_workbench.records.values import Changes, Ids, Index, Name, Text, change_of
from gemma2_workbench.traces.interventions import as_data
from gemma2_workbench.versions import versions

# Every word may be read again for every other one.
MOST_TOKENS_EXPLAINED = 2_048
MOST_SWAPS = 256
# Choices that only some explanations take; a record of another holds null.
OPTIONS = ("method", "layer", "head", "per", "swap", "by")


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
    """The record of an explanation of a label, or of labels."""

    ADDED: ClassVar = ("label_token", "entity", "per", "swap", "by")

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
    entity: bool = False
    per: Name | None = None
    swap: Index | Name | None = None
    by: Annotated[list[Name], Field(max_length=MOST_SWAPS)] | None = None
    panels: Annotated[list[ExplanationPanel], Field(min_length=1, max_length=1)]

    @property
    def request(self) -> Request:
        """What the file answers.

        Raises:
            ValueError: its parts do not fit each other.
        """
        asked = self.question
        # Files from before this could be chosen read labels at the last sub-token.
        label_token = self.label_token if "label_token" in self.model_fields_set else "last"
        return Request(
            self.text,
            self.show,
            word=None if asked is None else asked.word,
            label=None if asked is None else asked.label,
            against=None if asked is None else asked.against,
            method=self.method or METHODS[0],
            layer=self.layer,
            head=self.head,
            changes=tuple(map(change_of, self.overrides)),
            label_token=label_token,
            entity=self.entity,
            per=self.per or UNITS[0],
            swap=self.swap,
            by=tuple(self.by or ()),
        )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _ = self.request
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
        return self.answer.explanation is not None

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

    def as_record(self) -> JsonObject:
        """See `Recipe`."""
        answer, request = self.answer, self.answer.request
        sentence = "" if answer.target is None else answer.target.sentence
        about = {name: getattr(request, name) for name in ("word", "label", "against")} | {"sentence": sentence}
        explanation = answer.explanation
        taken, packages = ((), ()) if explanation is None else (explanation.OPTIONS, explanation.MADE_BY)
        given = {name: getattr(request, name) if name in taken else None for name in OPTIONS}
        return {
            **({"versions": versions(*packages)} if packages else {}),
            "kind": self.KIND,
            "model": answer.model.as_data(),
            "text": request.text,
            "ids": list(answer.ids),
            "overrides": [{**as_data(change), "sentence": change.sentence} for change in request.changes],
            "modified_model": bool(request.changes),
            "show": request.show,
            "question": None if request.word is None else about,
            **given,
            "by": list(request.by) if "by" in taken else None,
            "entity": request.entity,
            "label_token": request.label_token,
            "panels": [{"caption": ""}],
            "columns": 1,
        }

    @classmethod
    def make_again(cls, record: ExplanationRecord, again: Again) -> Self:
        """See `Recipe`."""
        loaded, request = again.model(record.model), record.request
        check_tokens([(loaded, request.text)], MOST_TOKENS_EXPLAINED if request.explains else MOST_TOKENS)
        return cls(answered(loaded, request))

    @staticmethod
    def command(record: JsonObject) -> Command:
        """See `Recipe`."""
        asked = {name: value for name, value in (record["question"] or {}).items() if name != "sentence"}
        values = {**asked, **{name: record.get(name) for name in OPTIONS if name != "by"}}
        values["label-token"] = record.get("label_token")
        words = ["why", f"--show={record['show']}", *(["--entity"] if record.get("entity") else [])]
        words += [f"--{name}={value}" for name, value in values.items() if value is not None]
        words += [f"--by={word}" for word in record.get("by") or ()]
        words += model_flags(record["model"]) + changes_flags(record["overrides"])
        return Command(words, [record["text"]])
