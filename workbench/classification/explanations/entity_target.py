"""The question about an entity: why its type rather than another one, over all its words together."""

from torch import Tensor

from gemma2_workbench.classification.explanations.target import OUTSIDE, Target, check_pair, check_word
from gemma2_workbench.classification.predictions import Predictions
from gemma2_workbench.classification.schemes import as_bio


def entity_target(predicted: Predictions, word: int, label: str | None = None, against: str | None = None) -> Target:
    """The question about the entity that a word belongs to: why this type rather than that one.

    For each word a type stands for the most probable of its classes (B-LOC or I-LOC).

    Args:
        predicted: one of the sentences of a `Classification`.
        word: index of any of its words in the sentence.
        label: a type; None is that of the entity.
        against: another type, or O; None is the most probable of the others, over all words together.

    Raises:
        ValueError: no such word or type, the word is in no entity, or the same type twice.
    """
    check_word(predicted, word)
    found = next((entity for entity in predicted.entities if entity[1] <= word < entity[2]), None)
    if found is None:
        raise ValueError(f"{predicted.reading.word(word)!r} is in no entity; choose a word of one, or leave entity out")
    kind, first, stop = found
    kinds = [as_bio([name])[0][2:] or OUTSIDE for name in predicted.classes]
    known = tuple(dict.fromkeys(kinds))
    check_pair((label, against), known, "type", "types")
    logits_WC = predicted.word_logits[first:stop]
    best = {name: [_best(logits_C, kinds, name) for logits_C in logits_WC] for name in known}
    order = sorted(known, key=lambda name: -sum(float(row[at]) for row, at in zip(logits_WC, best[name], strict=True)))
    chosen = label or (kind if kind != against else next(name for name in order if name != against))
    rival = against or next(name for name in order if name != chosen)
    pairs = tuple(zip(best[chosen], best[rival], strict=True))
    words, classes = range(first, stop), predicted.classes
    return Target(predicted.reading, words, chosen, rival, classes, pairs, predicted.entities, whole=True)


def _best(logits_C: Tensor, kinds: list[str], kind: str) -> int:
    """The most probable class of a type."""
    return max((at for at, name in enumerate(kinds) if name == kind), key=lambda at: float(logits_C[at]))
