"""`claim`, `feeder`: the sentence over the map, and what to try next, from the numbers of the runs."""

import numpy as np
from pydantic import JsonValue

from gemma2_workbench import Trace, capture
from gemma2_workbench.apps.explorer import consequence
from gemma2_workbench.apps.explorer.differences import prediction_of
from gemma2_workbench.apps.explorer.doings import Told, told
from gemma2_workbench.apps.explorer.phrases import Sentence, number, sentence, sentence_json
from gemma2_workbench.apps.explorer.scores import COPYING, heads_of, name_of
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.heads.kinds import kind_named
from gemma2_workbench.traces.interventions import AblateHeads

# What is switched off feeds the copying heads where they lose so much of their score.
FED = 0.5


class Claim(Question):
    """A head and a row of a run; `changed` is the run of the changed model, None for none."""

    run: str
    layer: int
    head: int
    query: int
    changed: str | None = None


class Feeder(Question):
    """A run."""

    run: str


def claim(session: Session, asked: Claim, _tell: Tell) -> JsonValue:
    """{"first", "more": [[text, strong]], "big": {token, was, is} | null, "actions": [{label, off, head, main}]}."""
    trace = WhatIfs(session).trace(asked.run)
    _check(trace, asked)
    if asked.changed is None:
        return _json(told(trace, asked.layer, asked.head, asked.query), None, _offers(trace, asked.layer, asked.head))
    after = WhatIfs(session).trace(asked.changed)
    big, expected = _next(session, asked.run, trace, after)
    said = consequence.told_after(trace, after, asked.layer, asked.head, expected)
    return _json(said, big, _follow_ups(trace, after, asked.layer, asked.head))


def feeder(session: Session, asked: Feeder, tell: Tell) -> JsonValue:
    """The head that the copying heads need, measured: {"head", "sentence"}; None where there is none.

    The strongest previous-token head of an earlier layer is switched off, and the copying heads' mean induction score
    is compared.
    """
    trace = WhatIfs(session).trace(asked.run)
    return session.kept.get(("feeder", asked.run), lambda: (_measured(session, trace, tell),))[0]


def _measured(session: Session, trace: Trace, tell: Tell) -> JsonValue:
    heads = heads_of(trace)
    group = heads.group(COPYING)
    earlier = tuple(place for place in heads.group("previous_token") if group and place < (group[0][0], 0))
    if not earlier:
        return None
    best = heads.strongest(kind_named("previous_token"), earlier)
    changes = [*trace.interventions, AblateHeads((best,))]
    after = capture(
        session.model_of(trace), trace.tokens.text, interventions=changes, read=("folds",), parity=False, progress=tell
    )
    was, now = (np.mean([each.scores[COPYING][place] for place in group]) for each in (heads, heads_of(after)))
    if now > FED * was:
        return None
    said = (
        f"Measured on this text: with {name_of(best)} off, the copying heads put {now:.2f} instead of {was:.2f} of "
        "their attention on what followed."
    )
    return {"head": name_of(best), "sentence": said}


def _offers(trace: Trace, layer: int, head: int) -> JsonValue:
    """What to switch off: the copying heads together, or a head that looks back alone."""
    heads = heads_of(trace)
    kind = heads.kinds[layer][head]
    if trace.interventions or kind is None or kind.name not in (COPYING, "previous_token"):
        return []
    group = heads.group(COPYING) if kind.name == COPYING else ((layer, head),)
    label = f"Switch the {number(len(group))} copying heads off" if len(group) > 1 else "Switch this head off"
    return [{"label": label, "off": [name_of(place) for place in group], "main": True}]


def _follow_ups(before: Trace, after: Trace, layer: int, head: int) -> JsonValue:
    """The head that the change hit hardest, seen from a head that is off."""
    hit = consequence.hit_hardest(before, after)
    if hit is None or (layer, head) not in consequence.switched_off(after):
        return []
    return [{"label": f"See what it did to {name_of(hit)}", "head": name_of(hit)}]


def _next(session: Session, run: str, before: Trace, after: Trace) -> tuple[JsonValue, Sentence]:
    """The likeliest next token before and after, and that in words; nothing for a model that predicts none."""
    first = prediction_of(before) or session.kept.find(("prediction", run))
    second = prediction_of(after)
    if first is None or second is None:
        return None, sentence(f"{consequence.without(before, after)} the model was run again.")
    token, was, now = consequence.next_token(first, second)
    return {"token": token, "was": was, "is": now}, consequence.expectation(before, after, token, was, now)


def _json(said: Told, big: JsonValue, actions: JsonValue) -> JsonValue:
    return {"first": sentence_json(said.first), "more": sentence_json(said.more), "big": big, "actions": actions}


def _check(trace: Trace, asked: Claim) -> None:
    sizes = {"layer": len(trace.layers), "head": trace.heads, "query": len(trace.tokens)}
    for name, size in sizes.items():
        if not 0 <= getattr(asked, name) < size:
            raise ValueError(f"there is no {name} {getattr(asked, name)}: this run has 0 to {size - 1}")


CLAIM = Handler("claim", Claim, claim, quick=True)
FEEDER = Handler("feeder", Feeder, feeder)
