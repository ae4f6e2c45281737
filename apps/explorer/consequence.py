"""What a change did to one head and to the next token, in sentences that follow from both runs."""

from collections.abc import Iterator

import numpy as np

from gemma2_workbench import Prediction, Trace
from gemma2_workbench.apps.explorer.doings import Told
from gemma2_workbench.apps.explorer.phrases import Sentence, listed, number, sentence
from gemma2_workbench.apps.explorer.scores import COPYING, Place, heads_of, name_of
from gemma2_workbench.model.equation import blocks
from gemma2_workbench.models.tokens import SPACE
from gemma2_workbench.traces.interventions import AblateHeads

# Smaller differences are rounding.
CHANGED = 1e-6
ROWS = 512


def switched_off(trace: Trace) -> tuple[Place, ...]:
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
    if off == heads_of(before).group(COPYING) and len(off) > 1:
        return f"Without the {number(len(off))} copying heads"
    return f"Without {listed([name_of(place) for place in off], 4)}"


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


def hit_hardest(before: Trace, after: Trace) -> Place | None:
    """The copying head that lost most of its score; None where none lost half of it, or all are off."""
    was, now = (heads_of(trace).scores[COPYING] for trace in (before, after))
    left = set(heads_of(before).group(COPYING)) - set(switched_off(after))
    hit = max(left, key=lambda place: was[place] - now[place], default=None)
    return hit if hit is not None and now[hit] < was[hit] / 2 else None


def _lost(before: Trace, after: Trace, layer: int, head: int) -> Sentence:
    """That a head reads what changed, or that it is no longer what it was."""
    heads = heads_of(before)
    kind = heads.kinds[layer][head]
    did = None if kind is None else _DID.get(kind.name)
    if kind is None or did is None:
        return sentence("This head reads what the change has touched.")
    was, now = (float(each.scores[kind.score][layer, head]) for each in (heads, heads_of(after)))
    lost = "lost its place" if now < was / 2 else "reads what the change has touched"
    return sentence(f"This head {lost}: {did} {was:.2f} of its attention, now ", f"{now:.2f}", ".")


_DID = {
    "induction": "what followed before got",
    "previous_token": "the token before got",
    "duplicate_token": "the same token got",
    "sink": "the first position got",
    "self": "the token itself got",
}


def _changes(before: Trace, after: Trace, layer: int, head: int) -> Iterator[np.ndarray]:
    """|difference of probabilities| of a head, some rows at a time, [Q, S]."""
    for rows in blocks(range(len(before.tokens)), ROWS):
        one, other = (trace.stage(layer, head, "attn_probs", rows).nan_to_num() for trace in (before, after))
        yield (one - other).abs().numpy()
