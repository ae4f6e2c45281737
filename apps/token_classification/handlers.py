"""What Classify may ask, in one list, and which models it offers."""

import json
from typing import Any

from gemma2_workbench import embedded
from gemma2_workbench.apps.page.questions import Handler
from gemma2_workbench.apps.page.save.savable import Savable
from gemma2_workbench.apps.page.session import Session

HANDLERS: tuple[Handler[Any], ...] = ()
SAVABLES: tuple[Savable[Any], ...] = ()


def classifiers(session: Session) -> list[str]:
    """Classifiers to choose from: the embedded ones, as far as this server may load them."""
    configs = {name: json.loads((folder / "config.json").read_text("utf-8")) for name, folder in embedded().items()}
    labelling = [name for name, config in configs.items() if "Classification" in str(config.get("architectures"))]
    allowed = session.allowed
    return labelling if allowed is None else [name for name in labelling if name in allowed]
