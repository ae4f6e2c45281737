"""Classifiers of several kinds behind one session."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from gemma2_workbench import LoadedModel
from gemma2_workbench.apps.page.questions import Handlers
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.token_classification.handlers import HANDLERS
from gemma2_workbench.model import Gemma2ForSequenceClassification, Gemma2ForTokenClassification

Ask = Callable[..., Any]


def another(loaded: LoadedModel, cls: type, labels: list[str], name: str) -> LoadedModel:
    """A classifier over the same trunk with other labels and a random head."""
    config = copy.deepcopy(loaded.config)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    torch.manual_seed(3)
    model: Any = cls(config).eval()
    model.load_state_dict({key: value for key, value in loaded.model.state_dict().items() if "score" not in key}, False)
    torch.nn.init.normal_(model.score.weight, std=0.3)
    return LoadedModel(name, "made here", None, None, model, loaded.tokenizer)


@pytest.fixture(scope="session")
def session(tagger: LoadedModel) -> Iterator[Session]:
    """Beside the embedded models `mood`, of whole texts; `plain`, without tags; `bare`, which labels nothing."""
    with Session() as made:
        made.kept.add(("model", "tiny-ner"), tagger)
        made.kept.add(
            ("model", "mood"), another(tagger, Gemma2ForSequenceClassification, ["bad", "so-so", "good"], "mood")
        )
        plain = another(tagger, Gemma2ForTokenClassification, ["NOUN", "VERB", "OTHER"], "plain")
        made.kept.add(("model", "plain"), plain)
        made.kept.add(("model", "bare"), LoadedModel("bare", "made here", None, None, tagger.trunk, tagger.tokenizer))
        yield made


@pytest.fixture(scope="session")
def ask(session: Session) -> Ask:
    """`ask(about, **fields)`: the answer, as a question of the page gets it."""
    handlers = Handlers(HANDLERS)

    def asked(about: str, **fields: Any) -> Any:
        handler, question = handlers.read({"about": about, **fields})
        return handler.answer(session, question, lambda done, of, what="": None)

    return asked
