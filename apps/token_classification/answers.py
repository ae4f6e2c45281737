"""`answer`: what the server says to a question of the page, as JSON can hold it."""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from gemma2_workbench import LoadedModel
from gemma2_workbench.apps.page.desk import HasLeft
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.token_classification.asked import Asked
from gemma2_workbench.apps.token_classification.findings import Findings, own_mask
from gemma2_workbench.apps.token_classification.reasons_told import (
    heads_told,
    masks_told,
    removals_told,
    saliency_told,
)
from gemma2_workbench.apps.token_classification.told import labels_told, word_told
from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.explanations.gradients import FEWEST_STEPS


async def answered(
    session: Session, findings: Findings, question: Mapping[str, Any], has_left: HasLeft
) -> dict[str, Any]:  # fmt: skip
    """As `answer`, when the turn has come; a model that has to be loaded first keeps nobody waiting."""
    try:
        await session.ready(str(question.get("model")))
        return await session.desk.do(lambda: answer(findings, question), has_left)
    except gr.Error as error:
        return {"error": error.message}
    except (ValueError, OSError, MemoryError) as error:
        return {"error": str(error)}


def answer(findings: Findings, question: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a question, or {"error": one sentence}; `question["about"]` names the part."""
    try:
        about = str(question.get("about"))
        if about not in PARTS:
            raise ValueError(f"the page asked about {about!r}; allowed: {', '.join(PARTS)}")
        return PARTS[about](findings, Asked.of(question))
    except (ValueError, OSError, MemoryError, RuntimeError) as error:
        return {"error": str(error)}


def _labels(findings: Findings, asked: Asked) -> dict[str, Any]:
    found = findings.labels(asked)
    loaded = findings.models(asked.model)
    told = {
        "model": found.model.name,
        "own": own_mask(loaded),
        "minutes": _minutes(found, loaded, findings.pace(asked)),
    }
    return labels_told(found) | told


def _minutes(found: Classification, loaded: LoadedModel, pace: float) -> float:
    """About how long the reasons of one word take, at `pace` seconds for each token of a pass."""
    readings = [predicted.reading for predicted in found.sentences]
    words = max(len(reading.words) for reading in readings)
    # A backward pass is two forward ones; copies that differ from some layer on share the layers below.
    passes = 3 * FEWEST_STEPS + words + loaded.shape.layers * loaded.shape.heads / 2
    longest = max(len(reading.tokens) for reading in readings)
    return passes * pace * longest / 60


def _word(findings: Findings, asked: Asked) -> dict[str, Any]:
    """The word, with the tokens of the entity it belongs to."""
    predicted, found = findings.predicted(asked), findings.labels(asked)
    first, stop = asked.word, asked.word + 1
    for at in found.entities:
        if at.sentence == asked.sentence and at.first <= asked.word < at.stop:
            first, stop = at.first, at.stop
    return word_told(predicted, asked.word, first, stop)


def _saliency(findings: Findings, asked: Asked) -> dict[str, Any]:
    return saliency_told(findings.saliency(asked))


def _heads(findings: Findings, asked: Asked) -> dict[str, Any]:
    return heads_told(findings.heads(asked))


def _removals(findings: Findings, asked: Asked) -> dict[str, Any]:
    return removals_told(findings.removals(asked))


def _masks(findings: Findings, asked: Asked) -> dict[str, Any]:
    return masks_told(findings.masks(asked))


PARTS: dict[str, Callable[[Findings, Asked], dict[str, Any]]] = {
    "labels": _labels,
    "word": _word,
    "saliency": _saliency,
    "removals": _removals,
    "heads": _heads,
    "masks": _masks,
}
