"""Precision, recall and F1 of entities, which count only with their exact words and type (seqeval, strict).

Where there are no entities (parts of speech, say), each class of the single words is scored instead.
"""

from collections.abc import Callable, Sequence
from typing import Any

from gemma2_workbench.classification.conll import Sentence

Scores = dict[str, dict[str, float]]
Pairs = tuple[list[Sentence], list[list[str]]]
COLUMNS = ("precision", "recall", "f1", "support")


def entity_scores(gold: Sequence[Sentence], predicted: list[list[str]], types: Sequence[str]) -> Scores:
    """Scores per type and over all entities ("ALL", micro average).

    Args:
        gold: sentences with the right tags.
        predicted: valid BIO tags, one list per sentence.
        types: entity types to report, in order.

    Returns:
        {type or "ALL": {"precision", "recall", "f1": 0 to 1, "support": entities in `gold`}}; a type without any
        entity on either side scores 0.
    """
    # Imported here: seqeval and its scikit-learn take seconds that labelling need not wait for.
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOB2

    right = [sentence.tags for sentence in gold]
    # seqeval's default (a warning) is a string, and so is its annotation; it takes numbers
    nothing_found: Any = 0
    report: Any = {}
    if any(tag != "O" for tags in (*right, *predicted) for tag in tags):  # of none seqeval would take the mean
        report = classification_report(
            right, predicted, output_dict=True, mode="strict", scheme=IOB2, zero_division=nothing_found
        )
    scores = {}
    for name in (*types, "ALL"):
        row = report.get("micro avg" if name == "ALL" else name, {})
        keys = ("precision", "recall", "f1-score", "support")
        scores[name] = {to: float(row.get(key, 0.0)) for to, key in zip(COLUMNS, keys, strict=True)}
    return scores


def class_scores(gold: Sequence[Sentence], predicted: list[list[str]], classes: Sequence[str]) -> Scores:
    """Scores of each class of the words, and their mean over the classes in `gold` ("MEAN").

    Classes that occur on neither side are left out.
    """
    from sklearn.metrics import precision_recall_fscore_support

    right = [tag for sentence in gold for tag in sentence.tags]
    given = [tag for tags in predicted for tag in tags]
    seen = {*right, *given}
    names = [name for name in classes if name in seen]
    # sklearn's annotations know one number only; with labels it gives an array of each
    nothing_found: Any = 0
    columns: Any = precision_recall_fscore_support(right, given, labels=names, zero_division=nothing_found)
    rows: Scores = {
        name: {key: float(column[at]) for key, column in zip(COLUMNS, columns, strict=True)}
        for at, name in enumerate(names)
    }
    present = [row for row in rows.values() if row["support"]]
    mean = {key: sum(row[key] for row in present) / len(present) for key in COLUMNS[:3]}
    return rows | {"MEAN": mean | {"support": float(len(right))}}


def by_domain(
    gold: Sequence[Sentence],
    predicted: list[list[str]],
    types: Sequence[str],
    score: Callable[[Sequence[Sentence], list[list[str]], Sequence[str]], Scores] = entity_scores,
) -> dict[str, Scores]:
    """The scores of every `# domain:` of a gold set and of the whole of it ("all")."""
    return {domain: score(*pairs, types) for domain, pairs in _domains(gold, predicted).items()}


def accuracies(gold: Sequence[Sentence], predicted: list[list[str]]) -> dict[str, float]:
    """Share of the words with the right tag, of every `# domain:` and of the whole ("all")."""
    from seqeval.metrics import accuracy_score

    return {
        domain: float(accuracy_score([sentence.tags for sentence in right], given))
        for domain, (right, given) in _domains(gold, predicted).items()
    }


def _domains(gold: Sequence[Sentence], predicted: list[list[str]]) -> dict[str, Pairs]:
    """Sentences and their predicted tags of every domain and of the whole ("all")."""
    found = {}
    for domain in sorted({sentence.notes.get("domain", "all") for sentence in gold} | {"all"}):
        rows = [
            (sentence, tags)
            for sentence, tags in zip(gold, predicted, strict=True)
            if domain in ("all", sentence.notes.get("domain"))
        ]
        found[domain] = ([row[0] for row in rows], [row[1] for row in rows])
    return found


def markdown(scores: dict[str, dict[str, Scores]], types: Sequence[str]) -> str:
    """The F1 of every system and test set by type, with the number of entities, as a markdown table."""
    names = (*types, "ALL")
    head = "| test | system | " + " | ".join(names) + " | P (ALL) | R (ALL) |"
    lines = [head, "|---|---|" + "---:|" * (len(names) + 2)]
    tests = list(dict.fromkeys(test for results in scores.values() for test in results))
    for test in tests:
        for at, (system, results) in enumerate((s, r) for s, r in scores.items() if test in r):
            if not at:
                counts = " | ".join(f"{results[test][name]['support']:.0f}" for name in names)
                lines.append(f"| {test} | *entities* | {counts} | | |")
            cells = [f"{results[test][name]['f1']:.3f}" for name in names]
            cells += [f"{results[test]['ALL'][key]:.3f}" for key in ("precision", "recall")]
            lines.append(f"| {test} | {system} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
