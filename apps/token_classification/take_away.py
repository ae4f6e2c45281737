"""What a reader takes away from the bench: labels as tables, reasons as tables or figures, each with its record."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from gemma2_workbench.apps.page.desk import MODEL, Desk
from gemma2_workbench.apps.page.download import COLOURED, FETCH, FORMATS, PAGES, written
from gemma2_workbench.apps.token_classification.asked import Asked
from gemma2_workbench.apps.token_classification.findings import Findings, changes
from gemma2_workbench.classification.explanations.answer import answered
from gemma2_workbench.classification.explanations.request import Request
from gemma2_workbench.classification.explanations.word_index import counted
from gemma2_workbench.records.explanation_recipe import ExplanationRecipe

TABLES = {"entities": "the entities", "words": "all words", "tokens": "the tokens of the sentence"}
FIGURES = {
    "saliency": "the saliency",
    "heads": "the heads",
    "attention": "the attention of a head",
    "removals": "the words taken out",
}


def take_away(findings: Findings, view: gr.HTML, desk: Desk) -> None:
    """Put the choice of part and format, button and download into the current row.

    Args:
        findings: what is saved.
        desk: where the making of a file waits for its turn.
        view: the component whose event `select` says where the reader is.
    """
    asked = gr.State({})
    choices = [(name, part) for part, name in (FIGURES | TABLES).items()]
    with gr.Column(scale=0, min_width=220):
        part = gr.Dropdown(choices, value="saliency", label="What", elem_id="bench-part")
    with gr.Column(scale=0, min_width=190):
        kind = gr.Dropdown([*FORMATS, COLOURED], value="PDF", label="Save as", elem_id="bench-format")
    with gr.Column(scale=0, min_width=170):
        page = gr.Dropdown(list(PAGES), value=next(iter(PAGES)), label="Venue")
    save = gr.Button("Save", scale=0, min_width=100, elem_id="bench-save")
    file = gr.DownloadButton("the file", elem_id="file-bench", visible="hidden")

    def note(event: gr.EventData) -> dict[str, Any]:
        return event.asked

    def write(asked: Mapping[str, Any], part: str, kind: str, page: str) -> str:
        if not asked:
            raise gr.Error("there is nothing to save yet: label a text first")
        try:
            return str(written(reason(findings, Asked.of(asked), part), part, kind, page))
        except (ValueError, OSError, ImportError, MemoryError) as error:
            raise gr.Error(str(error)) from error

    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    view.select(note, None, asked, trigger_mode="always_last", **quick)
    part.input(lambda part: "CSV" if part in TABLES else gr.skip(), part, kind, **quick)
    written_file = save.click(desk.in_turn(write), [asked, part, kind, page], file, **MODEL)
    written_file.success(None, js=FETCH.format("file-bench"))


def reason(findings: Findings, asked: Asked, part: str) -> ExplanationRecipe:
    """One part of the bench, a key of `FIGURES` or `TABLES`, as the command `why` would make it.

    Raises:
        OSError, ValueError, MemoryError: as the findings and `answered`.
    """
    found = findings.labels(asked)
    target, loaded = findings.target(asked), findings.models(asked.model)
    question = Request(
        text=asked.text,
        show=part,
        word=counted(found, asked.sentence, asked.word),
        label=target.label,
        against=target.against,
        method=asked.method,
        layer=asked.layer if asked.layer >= 0 and part == "attention" else None,
        head=asked.head if asked.head >= 0 and part == "attention" else None,
        changes=changes(loaded, asked.mask),
    )
    return ExplanationRecipe(answered(loaded, question))
