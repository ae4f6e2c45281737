"""What Classify may ask, in one list, and what the browser is told of it once."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from gemma2_workbench import embedded
from gemma2_workbench.apps.page.questions import Handler, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.serving.limits import MAX_BODY
from gemma2_workbench.apps.token_classification.file_errors import file_errors
from gemma2_workbench.apps.token_classification.labels_json import classes_json, labels_json
from gemma2_workbench.apps.token_classification.questions import File, OfText, OfWord, Why
from gemma2_workbench.apps.token_classification.reasons_json import reason_json
from gemma2_workbench.apps.token_classification.service import explained, labelled


def labels(session: Session, asked: OfText, tell: Tell) -> JsonValue:
    """The labels of a text."""
    known = labelled(session, asked, tell)
    return {**labels_json(known.found), "seconds": known.seconds}


def classes(session: Session, asked: OfWord, tell: Tell) -> JsonValue:
    """The classes of a word."""
    return classes_json(labelled(session, asked, tell).found, asked.word)


def why(session: Session, asked: Why, _tell: Tell) -> JsonValue:
    """Why a word has its label."""
    return reason_json(explained(session, asked), labelled(session, asked).found.kind)


def _model(asked: OfText | File) -> str:
    return asked.model


HANDLERS: tuple[Handler[Any], ...] = (
    Handler("labels", OfText, labels, model=_model),
    Handler("classes", OfWord, classes, model=_model),
    Handler("why", Why, why, model=_model),
    Handler("file_errors", File, file_errors, model=_model),
)


def settings(session: Session, first: Sequence[str] = ()) -> dict[str, JsonValue]:
    """Classifiers to choose from, `first` in front, and how many bytes a file may have, which in JSON may be twice."""
    return {"models": list(dict.fromkeys([*first, *classifiers(session)])), "largest": MAX_BODY // 2}


def classifiers(session: Session) -> list[str]:
    """The one that the server was started with, if it is not embedded, and those it may load or that are embedded."""
    configs = {name: json.loads((folder / "config.json").read_text("utf-8")) for name, folder in embedded().items()}
    labelling = [name for name, config in configs.items() if "Classification" in str(config.get("architectures"))]
    return [name for name in session.names() if name in labelling or name not in configs]
