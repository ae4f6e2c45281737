"""What a change did to one head and to the next token, in sentences that follow from both runs."""

from collections.abc import Iterator

import numpy as np

from gemma2_workbench import Prediction, Trace
from gemma2_workbench.apps.explorer.doings import Told
from gemma2_workbench.apps.explorer.phrases import Sentence, listed, number, sentence
from gemma2_workbench.apps.explorer.scores import KINDS, kinds_of, name_of, scores_of
from gemma2_workbench.model.equation import blocks
from gemma2_workbench.models.tokens import SPACE
from gemma2_workbench.traces.interventions import AblateHeads

# Smaller differences are rounding.
CHANGED = 1e-6
ROWS = 512


def switched_off(trace: Trace) -> tuple[tuple[int, int], ...]:
    """(layer, head) of the heads that are off in a run, in order."""
    return tuple(
        sorted(place for change in trace.interventions if isinstance(change, AblateHeads) for place in change.heads)
    )


def told_after(before: Trace, after: Trace, layer: int, head: int, expected: Sentence) -> Told:
    """What the change did to a head. For a head that is off itself: `expected`, what the model now expects."""
    off = switched_off(after)
    count, largest = moved(before, after, layer, head)
    numbers = f"{count:,} attention numbers of this head changed, the largest by {largest:.2f}."
    if (layer, head) in off:
        as_before = f"Its attention is as before: layer {layer} looks first and writes after."
        return Told(expected, sentence(numbers if count else as_before))
    if count:
        return Told(_lost(before, after, layer, head), sentence(numbers))
    reads = "It reads only what earlier layers write, and those are untouched."
    return Told(sentence("Nothing changed in this head."), sentence(reads if off and layer <= off[0][0] else ""))


def expectation(before: Trace, after: Trace, token: str, was: float, probability: float) -> Sentence:
    """Without what, and how much of the likeliest next token is left."""
    left = probability / was
    verdict = (
        "no longer expects"
        if left < 0.1
        else "is less sure of"
        if left < 0.75
        else "still expects"
        if left < 1.25
        else "is surer of"
    )
    return sentence(f"{without(before, after)} the model {verdict} ", token, ".")


def without(before: Trace, after: Trace) -> str:
    """`Without the three copying heads`, `Without L4H5`, `With the changes`."""
    off = switched_off(after)
    if len(after.interventions) != sum(isinstance(change, AblateHeads) for change in after.interventions):
        return "With the changes"
    if off == copying(before) and len(off) > 1:
        return f"Without the {number(len(off))} copying heads"
    return f"Without {listed([name_of(*place) for place in off], 4)}"


def copying(trace: Trace) -> tuple[tuple[int, int], ...]:
    """(layer, head) of the copying heads."""
    kinds = kinds_of(scores_of(trace))
    return tuple(
        (layer, head) for layer, row in enumerate(kinds) for head, kind in enumerate(row) if kind == "induction"
    )


def next_token(before: Prediction, after: Prediction) -> tuple[str, float, float]:
    """The likeliest next token before, its probability before and after."""
    token = int(before.log_probs.argmax())
    (name, was), *_ = before.top(1)
    return name.removeprefix(SPACE) or "space", was, float(after.log_probs[token].exp())


def moved(before: Trace, after: Trace, layer: int, head: int) -> tuple[int, float]:
    """How many probabilities of a head changed, and the largest change."""
    count, largest = 0, 0.0
    for change_QS in _changes(before, after, layer, head):
        count += int((change_QS > CHANGED).sum())
        largest = max(largest, float(change_QS.max()))
    return count, largest


def hit_hardest(before: Trace, after: Trace) -> tuple[int, int] | None:
    """The head that lost most of the score which made it what it was; None where none lost half of it."""
    scores, now = scores_of(before), scores_of(after)
    kinds = kinds_of(scores)
    score = {kind.name: kind.score for kind in KINDS}
    off = switched_off(after)
    losses = [
        (float(scores[score[kind]][layer, head] - now[score[kind]][layer, head]), (layer, head))
        for layer, row in enumerate(kinds)
        for head, kind in enumerate(row)
        if kind == "induction" and (layer, head) not in off
    ]
    loss, place = max(losses, default=(0.0, (0, 0)))
    return place if loss >= 0.5 * scores["induction"][place] else None


def _lost(before: Trace, after: Trace, layer: int, head: int) -> Sentence:
    """That a head reads what changed, or that it is no longer what it was."""
    scores, now = scores_of(before), scores_of(after)
    kind = next((kind for kind in KINDS if kinds_of(scores)[layer][head] == kind.name), None)
    if kind is None or kind.name == "spread":
        return sentence("This head reads what the change has touched.")
    was, is_now = (float(each[kind.score][layer, head]) for each in (scores, now))
    did = _DID[kind.name]
    if is_now < was / 2:
        return sentence(f"This head lost its place: {did} {was:.2f} of its attention, now ", f"{is_now:.2f}", ".")
    return sentence(
        f"This head reads what the change has touched: {did} {was:.2f} of its attention, now ", f"{is_now:.2f}", "."
    )


_DID = {
    "induction": "what followed before got",
    "previous_token": "the token before got",
    "duplicate_token": "the same token got",
    "sink": "the first position got",
}


def _changes(before: Trace, after: Trace, layer: int, head: int) -> Iterator[np.ndarray]:
    """|difference of probabilities| of a head, some rows at a time, [Q, S]."""
    for rows in blocks(range(len(before.tokens)), ROWS):
        one, other = (trace.stage(layer, head, "attn_probs", rows).nan_to_num() for trace in (before, after))
        yield (one - other).abs().numpy()
