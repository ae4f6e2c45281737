"""What a reader takes away from the bench: labels as tables, reasons as tables or figures, as a file."""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from apps.explorer.tabs.take_away import EVERYTHING, FETCH, FORMATS, PAGES
from apps.token_classification.asked import METHODS, Asked
from apps.token_classification.findings import Findings
from workbench.classification.reasons.target import Target
from workbench.classification.tables import entity_table, token_table, word_table
from workbench.export import FIGURE_SUFFIXES, export
from workbench.figures.spec import Bars, FigureSpec, HeadGrid, Scale, TokenStrip
from workbench.versions import versions

Taken = tuple[pd.DataFrame, FigureSpec | None]
TABLES = {"entities": "the entities", "words": "all words", "tokens": "the tokens of the sentence"}
FIGURES = {"saliency": "the saliency", "heads": "the heads", "removals": "the words taken out"}
KINDS = {name: made for name, made in FORMATS.items() if name != EVERYTHING}


def take_away(findings: Findings, view: gr.HTML) -> None:
    """Put the choice of part and format, button and download into the current row.

    Args:
        findings: what is saved.
        view: the component whose event `select` says where the reader is.
    """
    asked = gr.State({})
    choices = [(name, part) for part, name in (FIGURES | TABLES).items()]
    with gr.Column(scale=0, min_width=220):
        part = gr.Dropdown(choices, value="saliency", label="What", elem_id="bench-part")
    with gr.Column(scale=0, min_width=170):
        kind = gr.Dropdown(list(KINDS), value="PDF", label="Save as", elem_id="bench-format")
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
            path = Path(tempfile.mkdtemp()) / f"{part}.{KINDS[kind].ending}"
            return str(saved(findings, Asked.of(asked), part, path, *PAGES[page]))
        except (ValueError, OSError, ImportError) as error:
            raise gr.Error(str(error)) from error

    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    view.select(note, None, asked, trigger_mode="always_last", **quick)
    part.input(lambda part: "CSV" if part in TABLES else gr.skip(), part, kind, **quick)
    written = save.click(write, [asked, part, kind, page], file, api_visibility="private")
    written.success(None, js=FETCH.format("file-bench"))


def saved(
    findings: Findings, asked: Asked, part: str, path: Path, venue: str | None = None, width: str = "text"
) -> Path:
    """Write one part of the bench to `path`, whose ending decides; its record is inside, where the format has room.

    Raises:
        OSError, ValueError: as the findings; or a table is asked for as a picture.
    """
    frame, figure = _TAKEN[part](findings, asked)
    if path.suffix not in FIGURE_SUFFIXES:
        return export(frame, path, provenance=record(findings, asked))
    if figure is None:
        raise ValueError(f"{TABLES[part]} are a table: save them as CSV, Parquet or LaTeX table")
    return export(figure, path, width=width, venue=venue, provenance=record(findings, asked))


def record(findings: Findings, asked: Asked) -> dict[str, Any]:
    """Where the numbers come from: versions, weights, text, mask and question."""
    found, _ = findings.labels(asked)
    target = findings.target(asked)
    return {
        "versions": versions(),
        "model": asdict(found.model),
        "text": asked.text,
        "modified_model": bool(found.interventions),
        "interventions": list(found.interventions),
        "sentence": asked.sentence,
        "word": asked.word,
        "question": target.sentence,
        "method": asked.method,
    }


def _saliency(findings: Findings, asked: Asked) -> Taken:
    found = findings.saliency(asked)
    tokens, label = found.target.reading.tokens, f"{METHODS[asked.method]}, {_score(found.target)} (logits)"
    values = found.values.numpy()
    frame = pd.DataFrame(
        {"position": range(len(tokens)), "id": tokens.ids, "token": tokens.display, "value": values}
        | {"label": found.target.label, "against": found.target.against, "score": found.score}
        | {"baseline_score": found.baseline_score, "delta": found.delta}
    )
    strip = TokenStrip(tokens.display, values, Scale.of(values, label, "diverging"), title=found.target.sentence)
    return frame, strip


def _heads(findings: Findings, asked: Asked) -> Taken:
    found = findings.heads(asked)
    effects_LN = found.effects.numpy()
    layers, heads = np.indices(effects_LN.shape)
    frame = pd.DataFrame({"layer": layers.ravel(), "head": heads.ravel(), "effect": effects_LN.ravel()})
    scale = Scale.of(effects_LN, f"{_score(found.target)} lost without the head (logits)", "diverging")
    group = effects_LN.shape[1] // found.kv_heads
    return frame, HeadGrid(effects_LN, found.kinds, group, scale, title=found.target.sentence)


def _removals(findings: Findings, asked: Asked) -> Taken:
    rows, _ = findings.removals(asked)
    frame = pd.DataFrame([asdict(row) | {"effect": row.effect, "changed": row.changed} for row in rows])
    if frame.empty:
        raise ValueError("there is no other word that could be taken out, so there is nothing to save")
    names = tuple(f"{row.text} → {row.label_after}" if row.changed else row.text for row in rows)
    effects = frame["effect"].to_numpy()
    target = findings.target(asked)
    return frame, Bars(names, effects, f"{_score(target)} lost without the word (logits)", title=target.sentence)


def _score(target: Target) -> str:
    """What is explained, as figures name it: a difference of two logits."""
    return f"{target.label} − {target.against}"


_TAKEN = {
    "saliency": _saliency,
    "heads": _heads,
    "removals": _removals,
    "entities": lambda findings, asked: (entity_table(findings.labels(asked)[0]), None),
    "words": lambda findings, asked: (word_table(findings.labels(asked)[0]), None),
    "tokens": lambda findings, asked: (token_table(findings.labelled(asked)), None),
}
