"""`answered`: a request with the numbers, the table, the picture and the sentence that answer it.

Command line, page, download and `redraw` all ask here, which is why they give the same numbers.
"""

from dataclasses import dataclass, replace

import pandas as pd

from gemma2_workbench.brief import by_fields
from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.explanations.entity_target import entity_target
from gemma2_workbench.classification.explanations.explanation import Explanation, explanation_named
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.scoring import word_logits
from gemma2_workbench.classification.explanations.target import Target, target_of
from gemma2_workbench.classification.explanations.word_index import located, number_of, uncertain_word
from gemma2_workbench.classification.predictions import Predictions
from gemma2_workbench.classification.tables import entity_table, token_table, word_table
from gemma2_workbench.figures.spec import Panel
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.traces.interventions import applied
from gemma2_workbench.traces.trace import ModelInfo


@dataclass(frozen=True, eq=False)
class Answer:
    """What a request is answered with.

    Attributes:
        request: the request, with word, labels and what else was left to the model filled in.
        model: which weights.
        ids: token ids of what was read.
        table: the numbers.
        explanation: the explanation with all that it holds; None where labels are shown.
        target: the question; None where labels are shown.
        score: f = logit[label] - logit[against] of the target.
        probability: of the label; of an entity that of all its words together.
        remarks: what one must know to trust the labels, in sentences.
    """

    request: Request
    model: ModelInfo
    ids: tuple[int, ...]
    table: pd.DataFrame
    explanation: Explanation | None = None
    target: Target | None = None
    score: float | None = None
    probability: float | None = None
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return by_fields(self)

    @property
    def sentence(self) -> str:
        """What the numbers mean; nothing where labels are shown."""
        return "" if self.explanation is None else self.explanation.sentence

    def figure(self) -> Panel:
        """The picture of an explanation.

        Raises:
            ValueError: labels are shown, or there is nothing to draw.
        """
        if self.explanation is None:
            raise ValueError(f"{self.request.show} are a table: save them as .csv, .parquet or .tex")
        drawn = self.explanation.figure()
        changes = ", ".join(change.sentence for change in self.request.changes)
        return replace(drawn, title=f"{drawn.title} (modified model: {changes})") if changes else drawn


def answered(loaded: Classifier, request: Request, found: Classification | None = None) -> Answer:
    """Label the text, and ask the model for the explanation.

    Args:
        loaded: a token or sequence classifier.
        request: what is asked.
        found: the labels of the text under the changes and label token of the request, if they are there already.

    Raises:
        ValueError: the text has no words or no such word, the model no such class or head; as `classify`.
        MemoryError: the text is too long for its explanation.
    """
    found = found or classify(loaded, request.text, interventions=request.changes, label_token=request.label_token)
    request = replace(request, label_token=found.label_token if found.kind == "token" else None)
    if not request.explains:
        return _labels(request, found)
    predicted, word, number = _word(request, found)
    asked = entity_target if request.entity else target_of
    target = asked(predicted, word, request.label, request.against)
    kind = explanation_named(request.show)
    with applied(loaded, request.changes) as changed:
        explanation = kind.of(changed, target, request)
    logits_WC = word_logits(target, predicted.logits)
    probability, _ = target.probabilities(logits_WC)
    known = replace(request, word=number, label=target.label, against=target.against, **explanation.settled)
    ids, table, score = predicted.reading.tokens.ids, explanation.table(), target.score(logits_WC)
    return Answer(known, found.model, ids, table, explanation, target, score, probability, found.remarks)


def _word(request: Request, found: Classification) -> tuple[Predictions, int, int]:
    """The sentence of the word, its index there, and its number through the text."""
    number = uncertain_word(found) if request.entity and request.word is None else number_of(found, request.word)
    predicted, word = located(found, number)
    return predicted, word, number


def _labels(request: Request, found: Classification) -> Answer:
    """The labels themselves."""
    about = Request(request.text, request.show, changes=request.changes, label_token=request.label_token)
    if request.show == "tokens":
        predicted, _, number = _word(replace(request, entity=False), found)
        ids = predicted.reading.tokens.ids
        return Answer(replace(about, word=number), found.model, ids, token_table(predicted), remarks=found.remarks)
    ids = tuple(token for predicted in found.sentences for token in predicted.reading.tokens.ids)
    table = (entity_table if request.show == "entities" else word_table)(found)
    return Answer(about, found.model, ids, table, remarks=found.remarks)
