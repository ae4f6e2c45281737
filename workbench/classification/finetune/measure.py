"""How well a classifier does on labelled examples: entities where the tags are BIO, classes elsewhere."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sklearn.metrics import classification_report

from gemma2_workbench.classification.conll import Sentence
from gemma2_workbench.classification.finetune.example import Example
from gemma2_workbench.classification.inputs import Encoded, at_words
from gemma2_workbench.classification.logits import class_logits
from gemma2_workbench.classification.schemes import as_bio
from gemma2_workbench.classification.scores import COLUMNS, Scores, entity_scores
from gemma2_workbench.models.gemma2.scores import token_scores


def measured(
    model: Any, rows: Sequence[tuple[Example, Encoded]], names: Sequence[str], pad: int, bio: bool
) -> tuple[Scores, str]:
    """Scores of a classifier on examples.

    Args:
        model: a classifier; it is in eval mode afterwards.
        rows: the examples and how the model reads them.
        names: its classes, in the order of its scores.
        pad: id of the pad token.
        bio: whether the classes are BIO tags.

    Returns:
        Precision, recall, F1 and support per entity type with the micro average "ALL" (seqeval, strict); for other
        classes per class with the macro average "ALL". And what the F1 of "ALL" is called.
    """
    model.eval()
    logits = class_logits(partial(token_scores, model), [encoded for _, encoded in rows], pad)
    found = [
        [names[int(at)] for at in at_words(logits_TC, encoded.read).argmax(-1)]
        for (_, encoded), logits_TC in zip(rows, logits, strict=True)
    ]
    if bio:
        gold = [
            Sentence([example.word(at) for at in range(len(example.words))], list(example.labels))
            for example, _ in rows
        ]
        types = sorted({name[2:] for name in names} - {""})
        return entity_scores(gold, [as_bio(tags) for tags in found], types), "entity F1"
    return _class_scores([label for example, _ in rows for label in example.labels], sum(found, [])), "macro F1"


def _class_scores(gold: list[str], found: list[str]) -> Scores:
    # scikit-learn annotates its own defaults as strings; it takes numbers and gives a dictionary
    nothing_found: Any = 0
    report: Any = classification_report(gold, found, output_dict=True, zero_division=nothing_found)
    classes = sorted(set(gold) | set(found))
    rows = {name: report[name] for name in classes} | {"ALL": report["macro avg"]}
    keys = ("precision", "recall", "f1-score", "support")
    return {name: {to: float(row[key]) for to, key in zip(COLUMNS, keys, strict=True)} for name, row in rows.items()}
