"""`Reason`: why a word has its label, or the labels themselves, as a file.

It stands where a `Drawing` of runs stands: from an answer of the model follow the numbers, the figure and its part of
the record.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from gemma2_workbench.classification.choices import REASONS
from gemma2_workbench.classification.reasons.question import Answer
from gemma2_workbench.figures.spec import FigureSpec
from gemma2_workbench.maps import Maps
from gemma2_workbench.traces.interventions import as_data
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.versions import versions

KIND = "reason"


@dataclass(frozen=True, eq=False)
class Reason:
    """An answer as a file shows it, in one panel."""

    answer: Answer

    @property
    def parts(self) -> tuple[Answer]:
        """Its one panel."""
        return (self.answer,)

    @property
    def drawable(self) -> bool:
        """Whether there is a picture of it, and not only a table."""
        return self.answer.question.show in REASONS

    def as_record(self) -> dict[str, Any]:
        """Its part of a record, see `records.record`."""
        answer, question = self.answer, self.answer.question
        sentence = "" if answer.target is None else answer.target.sentence
        asked = {name: getattr(question, name) for name in ("word", "label", "against")} | {"sentence": sentence}
        # captum computes the gradients.
        made_by = {"versions": versions("captum")} if question.show == "saliency" else {}
        return {
            **made_by,
            "kind": KIND,
            "model": asdict(answer.model),
            "text": question.text,
            "ids": list(answer.ids),
            "overrides": [{**as_data(change), "sentence": change.sentence} for change in question.changes],
            "modified_model": bool(question.changes),
            "show": question.show,
            "question": None if question.word is None else asked,
            "method": question.method if question.show == "saliency" else None,
            "layer": question.layer,
            "head": question.head,
            "label_token": question.label_token,
            "panels": [{"caption": ""}],
            "columns": 1,
        }

    def tables(self, traces: Sequence[Trace] = ()) -> list[pd.DataFrame]:
        """The one table. There are no traces."""
        return [self.answer.table]

    def table(self, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """The table of the one panel."""
        return tables[0]

    def maps(self, traces: Sequence[Trace] = ()) -> Maps:
        """Nothing: a reason is one number per token, word or head.

        Raises:
            ValueError: always.
        """
        raise ValueError("reasons are saved as a figure or as a table; maps of numbers are of attention")

    def figure(self, traces: Sequence[Trace], tables: Sequence[pd.DataFrame]) -> FigureSpec:
        """The figure; its title names a modified model.

        Raises:
            ValueError: labels are a table, or no word could be removed.
        """
        return self.answer.figure()

    def captions(self, traces: Sequence[Trace] = ()) -> list[str]:
        """One panel needs no caption."""
        return [""]
