"""What the numbers of a reason mean, in one or two plain sentences: for the page and for the command line."""

from gemma2_workbench.classification.reasons.deletion import Deletion
from gemma2_workbench.classification.reasons.gradients import Saliency
from gemma2_workbench.classification.reasons.heads import HeadEffects


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, as people write numbers."""
    return f"{value:+.{digits}f}".replace("-", "−")


def saliency_words(found: Saliency) -> str:
    """What the values are compared with, and how completely they add up."""
    total = float(found.values.sum())
    if found.baseline_score is None or found.delta is None:
        return (
            f"An estimate from one gradient: the values sum to {signed(total)} and need not reach the score. "
            "It compares with nothing; integrated gradients compare with an empty text and add up."
        )
    difference = found.score - found.baseline_score
    share = abs(found.delta) / max(abs(difference), 1e-9)
    verdict = "small enough to trust the split" if found.complete else "so the split is only rough"
    return (
        f"Compared with an empty text ({found.baseline!r} for every token), whose score is "
        f"{signed(found.baseline_score)}. The values sum to {signed(total)}, the scores differ by "
        f"{signed(difference)}: an error of {signed(found.delta, 3)} ({share:.1%}) after "
        f"{found.steps} steps, {verdict}."
    )


def head_words(found: HeadEffects) -> str:
    """What an effect is, and that effects do not add up."""
    return (
        f"Each head was set to zero in turn. Positive (red): the score {signed(found.score)} falls without it. Heads "
        "can stand in for each other, so effects do not add up."
    )


def attention_words(found: HeadEffects, layer: int, head: int) -> str:
    """What a row of attention shows, what it does not, and what the head is worth."""
    without = found.score - float(found.effects[layer, head])
    return (
        "Where the token at which the label is read looks in this head. That alone is no reason: without the head the "
        f"score is {signed(without)} instead of {signed(found.score)}."
    )


def removal_words(rows: tuple[Deletion, ...], alone: Deletion | None, where: str = "") -> str:
    """How many words the label needs, and what the word is without all of them.

    Args:
        rows: one per removed word.
        alone: the word without its sentence; None for a whole text.
        where: what to say of the words that the label needs, after their number.
    """
    changed = sum(row.changed for row in rows)
    if not rows:
        return "There is no other word that could be taken out."
    if not changed:
        one = "the only other word" if len(rows) == 1 else f"any single one of {len(rows)} words"
        result = f"Taking out {one} leaves the label as it is."
    else:
        result = f"{changed} of {len(rows)} words{where} would change the label if missing."
    if alone is None:
        return result
    return f"{result} With all others gone, “{alone.text}” is {alone.label_after} ({alone.confidence_after:.2f})."
