"""`gemma2-workbench classify`: the labels of texts and files, for people or for machines."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from gemma2_workbench.apps.cli.labels import columns_of, note
from gemma2_workbench.apps.cli.model import loaded_model
from gemma2_workbench.apps.cli.parsers.classify import FORMATS
from gemma2_workbench.apps.cli.progress import progress
from gemma2_workbench.atomic import write
from gemma2_workbench.classification.classification import Classification
from gemma2_workbench.classification.classifier import kind_of
from gemma2_workbench.classification.classify import classify, classify_words
from gemma2_workbench.classification.conll import Sentence, conll_text
from gemma2_workbench.classification.files import Source, checked_target, sources
from gemma2_workbench.classification.record import classification_record
from gemma2_workbench.classification.schemes import scheme_of
from gemma2_workbench.classification.tables import entity_table, word_table
from gemma2_workbench.models.classifier import Classifier
from gemma2_workbench.versions import versions

Labels = list[tuple[Source, Classification]]


def run(options: argparse.Namespace) -> None:
    """Label everything, then print or write it."""
    out = checked_target(options.out, options.inputs) if options.out else None
    written = _WRITERS[options.format or _format_of(out)]
    given = list(sources(options.inputs, columns_of(options)))
    loaded = loaded_model(options)
    if kind_of(loaded) == "sequence" and written is _conll:
        raise ValueError(f"{loaded.name} labels whole texts, which CoNLL cannot hold; choose table, json or csv")
    predicted = [(source, _classified(loaded, source, options.label_token)) for source in given]
    note([remark for source, found in predicted for remark in (*source.remarks, *found.remarks)])
    cuts = sum(sentence.reading.continues for _, found in predicted for sentence in found.sentences)
    if cuts:
        note([f"sentences too long for {loaded.name} were read in parts ({cuts} cuts)"])
    text = written(predicted)
    if out:
        write(out, text)
        print(f"{out}: {len(predicted)} labelled")
    else:
        sys.stdout.write(text)


def _format_of(out: Path | None) -> str:
    ending = out.suffix.lower().lstrip(".") if out else ""
    return ending if ending in FORMATS else "table"


def _classified(loaded: Classifier, source: Source, label_token: str | None) -> Classification:
    if source.sentences is not None:
        places = [f"{source.name}:{sentence.lines[0]}" for sentence in source.sentences]
        words = [sentence.words for sentence in source.sentences]
        return classify_words(loaded, words, progress=progress, label_token=label_token, places=places)
    try:
        return classify(loaded, source.text, progress=progress, label_token=label_token)
    except ValueError as error:
        raise ValueError(f"{source.name}: {error}") from error


def _table(predicted: Labels) -> str:
    """The entities (or the words, where classes are plain) for a terminal."""
    first = predicted[0][1]
    entities = first.kind == "token" and bool(scheme_of(first.classes))
    rows = _stacked(predicted, entity_table if entities else word_table)
    if entities:
        rows = rows[["source", "text", "label", "start", "end", "confidence", "margin"]]
    if len(predicted) == 1:
        rows = rows.drop(columns="source")
    words = sum(len(sentence.reading.words) for _, found in predicted for sentence in found.sentences)
    what = f"{len(rows)} entities in {words} words" if entities else f"{len(rows)} labels"
    head = f"{first.model.name}: {what}\n"
    if rows.empty:
        return head
    rows = rows.assign(text=[_shown(text) for text in rows["text"]])
    with pd.option_context("display.unicode.east_asian_width", True, "display.max_colwidth", None):
        return head + rows.to_string(index=False, float_format="{:.3f}".format) + "\n"


def _shown(text: str, width: int = 60) -> str:
    """A text on one line of a terminal, without characters that would command it."""
    plain = "".join(character if character.isprintable() else "�" for character in " ".join(text.split()))
    return plain if len(plain) <= width else plain[: width - 1] + "…"


def _json(predicted: Labels) -> str:
    first = predicted[0][1]
    inputs = [classification_record(source.name, found) for source, found in predicted]
    record = {"versions": versions(), "model": first.model.as_data(), "inputs": inputs}
    return json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _conll(predicted: Labels) -> str:
    blocks = []
    for source, found in predicted:
        for number, sentence in enumerate(found.sentences):
            words = [sentence.reading.word(word) for word in range(len(sentence.tags))]
            notes = source.sentences[number].notes if source.sentences else {}
            blocks.append(Sentence(words, list(sentence.tags), {"source": source.name} | notes))
    return conll_text(blocks)


def _csv(predicted: Labels) -> str:
    return _stacked(predicted, word_table).to_csv(index=False, lineterminator="\n")


def _stacked(predicted: Labels, table: Callable[[Classification], pd.DataFrame]) -> pd.DataFrame:
    """The tables of all inputs under one another, with a column `source`."""
    tables = [table(found) for _, found in predicted]
    for rows, (source, _) in zip(tables, predicted, strict=True):
        rows.insert(0, "source", source.name)
    return pd.concat([rows for rows in tables if len(rows)] or tables[:1], ignore_index=True)


_WRITERS: dict[str, Callable[[Labels], str]] = dict(zip(FORMATS, (_table, _json, _conll, _csv), strict=True))
