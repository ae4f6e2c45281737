"""Evaluates taggers on the gold set and on held-out silver data, beside spaCy's small model.

Run: `python -m training.ner.evaluate model/checkpoints/tiny-ner [FOLDER ...] [--json FILE]`. Prints a markdown table.
"""

import argparse
import json
from pathlib import Path

from gemma2_workbench.atomic import write
from gemma2_workbench.classification.conll import Sentence, read_conll
from gemma2_workbench.classification.scores import Scores, by_domain, entity_scores, markdown
from training.ner.labeller import FOLDER
from training.ner.labels import TYPES
from training.ner.reference import REFERENCE
from training.ner.silver import GOLD
from training.ner.tagger import load_tagger, predict

SPACY = "spaCy en_core_web_sm 3.8"
TEST_NAMES = {"in": "gold, in domain", "out": "gold, out of domain", "all": "gold, all"}
SILVER_TEST = "silver, held out"
SILVER_SENTENCES = 2000


def named(scores: dict[str, Scores]) -> dict[str, Scores]:
    """Spells out the test sets' names, in-domain first."""
    return {title: scores[key] for key, title in TEST_NAMES.items()}


def silver_sentences(folder: Path = FOLDER) -> list[Sentence]:
    """The first held-out silver sentences; none where the silver data has not been made."""
    path = folder / "held_out.conll"
    return read_conll(path)[:SILVER_SENTENCES] if path.exists() else []


def evaluate(folder: Path, gold: list[Sentence], silver: list[Sentence]) -> dict[str, Scores]:
    """Scores of one tagger on all test sets."""
    model, tokenizer = load_tagger(folder)
    found = named(by_domain(gold, predict(model, tokenizer, [s.words for s in gold]), TYPES))
    if silver:
        found[SILVER_TEST] = entity_scores(silver, predict(model, tokenizer, [s.words for s in silver]), TYPES)
    return found


def reference_scores(gold: list[Sentence]) -> dict[str, Scores]:
    """Scores of spaCy's stored predictions.

    Raises:
        ValueError: they belong to another version of the gold set.
    """
    stored = read_conll(REFERENCE)
    if [s.words for s in stored] != [s.words for s in gold]:
        raise ValueError(f"{REFERENCE} does not fit {GOLD}; run `python -m training.ner.reference`")
    return named(by_domain(gold, [s.tags for s in stored], TYPES))


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(prog="python -m training.ner.evaluate", description=__doc__)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    options = parser.parse_args()
    gold, silver = read_conll(GOLD), silver_sentences()
    systems = {path.name: evaluate(path, gold, silver) for path in options.checkpoints}
    systems[SPACY] = reference_scores(gold)
    if options.json:
        write(options.json, json.dumps(systems, indent=1) + "\n")
    print(markdown(systems, TYPES))


if __name__ == "__main__":
    main()
