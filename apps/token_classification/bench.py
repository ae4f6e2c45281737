"""The bench put together: classifier, button, the page's component, files to take away and help."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from gemma2_workbench import embedded
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.apps.page.shared import explain
from gemma2_workbench.apps.token_classification.answers import answered
from gemma2_workbench.apps.token_classification.component import bench_value, bench_view
from gemma2_workbench.apps.token_classification.findings import Findings
from gemma2_workbench.apps.token_classification.take_away import take_away
from gemma2_workbench.classification.choices import EXPLANATIONS
from gemma2_workbench.classification.explanations.explanation import explanation_named, help_of

DEFAULT = "tiny-ner"
LABELS = """
A classifier reads the text sentence by sentence (a sequence classifier the whole text at once) and gives every class a
score at every token. The label of a word is the most probable class at its *last* token: the first place where all of
the word has been read. The line under a word is as long as that class is probable, the margin is how much more probable
it is than the next one. Classes named B-X and I-X are entities of type X: B- begins one and I- goes on with it; an I-
that continues nothing counts as a B-. Other classes are shown word by word, with the names that the checkpoint gives
them (`id2label`). *Confidence is not truth*: a model can be sure and wrong.
"""
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


def classifiers() -> list[str]:
    """The embedded checkpoints that label something."""
    named = {name: json.loads((folder / "config.json").read_text()) for name, folder in embedded().items()}
    return [name for name, config in named.items() if str(config.get("architectures")).count("Classification")]


def offered(allowed: Sequence[str] | None, first: str = DEFAULT) -> list[str]:
    """Classifiers to choose from.

    Args:
        allowed: the only models that may be loaded, None for any.
        first: what to start with, if it is allowed.
    """
    named = [first, *classifiers()]
    return list(dict.fromkeys(named if allowed is None else [name for name in named if name in allowed] + [*allowed]))


@dataclass(frozen=True)
class Bench:
    """What others link to: the choice of the classifier, the button, and the event that labels the text.

    `labelling` are the arguments of an event: `text.submit(**bench.labelling)`.
    """

    model: gr.Dropdown
    start: gr.Button
    labelling: dict[str, Any]


def build(session: Session, text: gr.Textbox, names: Sequence[str]) -> Bench:
    """Put the bench into the current page or tab.

    Args:
        session: where the classifiers are, and where questions about them wait for their turn.
        text: the box whose text is labelled.
        names: classifiers to choose from; the first is the one to start with.
    """
    with gr.Row(elem_classes="take-away"):
        model = gr.Dropdown(
            list(names),
            value=names[0],
            label="Classifier (embedded name, folder or hub id)",
            allow_custom_value=True,
            min_width=240,
            elem_id="classifier",
        )
        start = gr.Button("Label the text", variant="primary", scale=0, min_width=160, elem_id="label")
    findings = Findings(session.model, session.kept)
    view = bench_view(partial(answered, session, findings), elem_id="bench")
    with gr.Row(elem_classes="take-away"):
        take_away(findings, view, session.desk)
    kinds = map(explanation_named, EXPLANATIONS)
    explain(LABELS, *(f"#### {kind.TITLE}\n{help_of(kind)}" for kind in kinds))
    labelling = {"fn": bench_value, "inputs": [text, model], "outputs": view, **QUICK}
    gr.on([start.click, model.input], **labelling)
    return Bench(model, start, labelling)
