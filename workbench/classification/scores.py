"""Entity-level precision, recall and F1: an entity counts only with its exact words and its type (seqeval, strict)."""

from collections.abc import Sequence
from typing import Any

from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from workbench.classification.conll import Sentence

Scores = dict[str, dict[str, float]]
COLUMNS = ("precision", "recall", "f1", "support")


def entity_scores(gold: list[Sentence], predicted: list[list[str]], types: Sequence[str]) -> Scores:
    """Scores per type and over all entities ("ALL", micro average).

    Args:
        gold: sentences with the right tags.
        predicted: valid BIO tags, one list per sentence.
        types: entity types to report, in order.

    Returns:
        {type or "ALL": {"precision", "recall", "f1": 0 to 1, "support": entities in `gold`}}; a type without any
        entity on either side scores 0.
    """
    # seqeval's default (a warning) is a string, and so is its annotation; it takes numbers
    nothing_found: Any = 0
    report: Any = classification_report(
        [sentence.tags for sentence in gold],
        predicted,
        output_dict=True,
        mode="strict",
        scheme=IOB2,
        zero_division=nothing_found,
    )
    scores = {}
    for name in (*types, "ALL"):
        row = report.get("micro avg" if name == "ALL" else name, {})
        keys = ("precision", "recall", "f1-score", "support")
        scores[name] = {to: float(row.get(key, 0.0)) for to, key in zip(COLUMNS, keys, strict=True)}
    return scores


def by_domain(gold: list[Sentence], predicted: list[list[str]], types: Sequence[str]) -> dict[str, Scores]:
    """The scores of every `# domain:` of a gold set and of the whole of it ("all")."""
    domains = sorted({sentence.notes.get("domain", "all") for sentence in gold} | {"all"})
    result = {}
    for domain in domains:
        rows = [
            (sentence, tags)
            for sentence, tags in zip(gold, predicted, strict=True)
            if domain in ("all", sentence.notes.get("domain"))
        ]
        result[domain] = entity_scores([row[0] for row in rows], [row[1] for row in rows], types)
    return result


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
