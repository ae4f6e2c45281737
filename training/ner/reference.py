"""spaCy's small model on the gold set, kept in a file so that the comparison needs no spaCy.

Run: `python -m training.ner.reference` (seconds). Writes gold/spacy.conll: the words of the gold set with spaCy's
tags, its labels mapped to ours in the kindest way: after the same corrections as the silver data (titles, articles,
whole words), but without the votes of a corpus.
"""

from pathlib import Path

from gemma2_workbench.classification.conll import Sentence, read_conll, write_conll
from gemma2_workbench.classification.labels import tagged
from gemma2_workbench.classification.words import spaced
from training.ner.definitions import finished, our_entities
from training.ner.labeller import labelled, load_labeller
from training.ner.silver import GOLD

REFERENCE = Path(__file__).parent / "gold" / "spacy.conll"


def predict_reference() -> list[Sentence]:
    """Returns the gold sentences with the tags of spaCy's small model.

    Raises:
        ValueError: the words of a sentence do not survive being written as text and cut again.
    """
    gold = read_conll(GOLD)
    texts = [spaced(sentence.words)[0] for sentence in gold]
    predictions = []
    for sentence, text, found in zip(gold, texts, labelled(load_labeller(), texts), strict=True):
        words, ours = our_entities(text, found)
        if words != sentence.words:
            raise ValueError(f"words changed on the way: {sentence.words} became {words}")
        tags = tagged(finished(words, ours), len(words))
        predictions.append(Sentence(words, tags, sentence.notes))
    return predictions


if __name__ == "__main__":
    write_conll(REFERENCE, predict_reference())
