"""Puts the silver data together: spaCy's labels after our definitions and votes, plus filled templates.

Run: `python -m training.ner.silver` (a minute) after `python -m training.ner.labeller`. Writes train.conll, dev.conll
and held_out.conll into the cache. Held-out documents of the language model are never trained on here either.
"""

import json
import random
import re
import zlib
from collections.abc import Iterable
from pathlib import Path

from gemma2_workbench.classification.conll import Sentence, read_conll, write_conll
from gemma2_workbench.classification.labels import tagged
from training.ner.corrections import CORRECTIONS
from training.ner.definitions import finished, our_entities
from training.ner.labeller import EVERY, FOLDER, labelled_file
from training.ner.names import wordnet_names
from training.ner.templates import TEMPLATES, filled
from training.ner.vote import Labelled, corrected, settled, verdicts

GOLD = Path(__file__).parent / "gold" / "gold.conll"
TEMPLATE_SHARE = 0.2
EMPTY_SHARE = 0.3
DEV_SHARE = 0.02
LONGEST = 80
# Latin names of plants and animals and brands of drugs, which the labeller takes for anything.
NOT_LABELLABLE = re.compile(r"\b(?:genus|genera|species|family|order|phylum|trade name|suborder|subfamily)\b")


def read_labelled(path: Path) -> Iterable[tuple[bool, Labelled]]:
    """Yields (held out, words and entities) of the labelled sentences; headings in capitals are left out.

    Raises:
        FileNotFoundError: the labeller has not been run.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; run `python -m training.ner.labeller` first")
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if not (row["text"].isupper() or NOT_LABELLABLE.search(row["text"]) and "wordnet" in path.name):
                yield row["held_out"], our_entities(row["text"], row["entities"])


def voted(by_source: dict[str, list[tuple[bool, Labelled]]]) -> dict[str, list[tuple[bool, Labelled]]]:
    """Lets the training sentences of each source vote and corrects all its sentences, held-out ones too.

    Dictionary entries do not vote: they are about everything.
    """
    result = dict(by_source)
    for source, names in CORRECTIONS.items():
        outcome = verdicts([sentence for held_out, sentence in by_source[source] if not held_out])
        outcome |= settled(names)
        result[source] = [(held, corrected(sentence, outcome)) for held, sentence in by_source[source]]
    return result


def _chance(words: list[str]) -> float:
    """A number in [0, 1) that depends on the sentence alone, so a sentence never changes sides."""
    return zlib.crc32(" ".join(words).encode()) / 2**32


def split(by_source: dict[str, list[tuple[bool, Labelled]]], gold: list[Sentence]) -> dict[str, list[Sentence]]:
    """Sorts the sentences into train, dev and held_out; none of the gold set is in any of them.

    Of the training sentences without entities only `EMPTY_SHARE` is kept.
    """
    seen = {" ".join(sentence.words) for sentence in gold}
    parts: dict[str, list[Sentence]] = {"train": [], "dev": [], "held_out": []}
    for source, rows in by_source.items():
        for held_out, (words, found) in rows:
            key = " ".join(words)
            if len(words) > LONGEST or key in seen:
                continue
            seen.add(key)
            found = finished(words, found)
            sentence = Sentence(words, tagged(found, len(words)), {"source": source})
            chance = _chance(words)
            if held_out:
                parts["held_out"].append(sentence)
            elif chance < DEV_SHARE:
                parts["dev"].append(sentence)
            elif found or chance < DEV_SHARE + EMPTY_SHARE:
                parts["train"].append(sentence)
    return parts


def template_sentences(count: int, seed: int = 0) -> list[Sentence]:
    """Returns `count` filled templates, each template equally often."""
    rng, names = random.Random(seed), wordnet_names()
    sentences = []
    for at in range(count):
        words, found = filled(TEMPLATES[at % len(TEMPLATES)], names, rng)
        sentences.append(Sentence(words, tagged(found, len(words)), {"source": "templates"}))
    return sentences


def make_silver(folder: Path = FOLDER) -> dict[str, list[Sentence]]:
    """Makes and writes the three parts."""
    by_source = {source: list(read_labelled(labelled_file(source))) for source in EVERY}
    parts = split(voted(by_source), read_conll(GOLD))
    extra = int(len(parts["train"]) * TEMPLATE_SHARE / (1 - TEMPLATE_SHARE))
    parts["train"] += template_sentences(extra)
    random.Random(0).shuffle(parts["train"])
    for name, sentences in parts.items():
        write_conll(folder / f"{name}.conll", sentences)
        words = sum(len(sentence.words) for sentence in sentences)
        print(f"{name}: {len(sentences)} sentences, {words} words")
    return parts


if __name__ == "__main__":
    make_silver()
