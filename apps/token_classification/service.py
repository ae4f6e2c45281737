"""The one path to labels and explanations: page, download and record take the same `Answer`, worked out once."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from gemma2_workbench.apps.page.questions import Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.token_classification.questions import Labels, OfText, Why
from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.explanations.answer import Answer, answered
from gemma2_workbench.classification.logits import Progress


@dataclass(frozen=True)
class Labelled:
    """Labels, and the seconds that they took when they were worked out."""

    found: Classification
    seconds: float


def labelled(session: Session, asked: OfText, tell: Tell | None = None) -> Labelled:
    """The labels of a text.

    Raises:
        ValueError, OSError, MemoryError: as `Session.model` and `classify`.
    """

    def work() -> Labelled:
        loaded, text = session.model(asked.model), asked.checked
        since = time.monotonic()
        found = classify(loaded, text, progress=iter if tell is None else counted(tell))
        return Labelled(found, time.monotonic() - since)

    return session.kept.get(("labels", asked.model, asked.text), work)


def explained(session: Session, asked: Why | Labels) -> Answer:
    """The answer to a request.

    Raises:
        ValueError, OSError, MemoryError: as `labelled` and `answered`.
    """
    request = asked.request

    def work() -> Answer:
        return answered(session.model(asked.model), request, labelled(session, asked).found)

    return session.kept.get(("answer", asked.model, request), work)


def counted(tell: Tell) -> Progress:
    """Passes of a model that are told one by one."""

    def each(passes: list[list[int]]) -> Iterator[list[int]]:
        for done, sentences in enumerate(passes):
            tell(done, len(passes), "labelling")
            yield sentences

    return each
