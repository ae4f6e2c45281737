"""`model`: what a name stands for, before it is loaded."""

from typing import Any

from pydantic import JsonValue

from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session


class Model(Question):
    """A name, a folder or a hub id, as a reader typed it."""

    model: str


def about(session: Session, asked: Model, _tell: Tell) -> JsonValue:
    """Whether it is loaded; if not, how large it is and where it comes from."""
    coming = session.announced(asked.model)
    if coming is None:
        return {"loaded": True, "sentence": f"{asked.model} is loaded"}
    return {"loaded": False, "size": coming.size, "download": coming.download, "sentence": coming.sentence}


HANDLERS: tuple[Handler[Any], ...] = (Handler("model", Model, about, quick=True),)
