"""`claim`, `feeder`: the sentence over the map, and what to try next, from the numbers of the runs."""

import numpy as np
from pydantic import JsonValue

from gemma2_workbench import Prediction, Trace, capture
from gemma2_workbench.apps.explorer import consequence
from gemma2_workbench.apps.explorer.doings import Told, told
from gemma2_workbench.apps.explorer.phrases import Sentence, number, sentence
from gemma2_workbench.apps.explorer.scores import kinds_of, name_of, scores_of
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.traces.interventions import AblateHeads

LOST_RUN = "this run is no longer held by the server: run the text again"
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
    trace = _found(session, asked.run)
    _check(trace, asked)
    if asked.changed is None:
        return _json(told(trace, asked.layer, asked.head, asked.query), None, _offers(trace, asked.layer, asked.head))
    after = _found(session, asked.changed)
    big, expected = _next(session, asked.run, asked.changed)
    said = consequence.told_after(trace, after, asked.layer, asked.head, expected)
    return _json(said, big, _follow_ups(trace, after, asked.layer, asked.head))


def feeder(session: Session, asked: Feeder, tell: Tell) -> JsonValue:
    """The head that the copying heads need, measured: {"head", "sentence"}; None where there is none.

    The strongest previous-token head of an earlier layer is switched off, and the copying heads' mean induction score
    is compared.
    """
    trace = _found(session, asked.run)
    return session.kept.get(("feeder", asked.run), lambda: (_measured(session, trace, tell),))[0]


def _measured(session: Session, trace: Trace, tell: Tell) -> JsonValue:
    group = consequence.copying(trace)
    scores = scores_of(trace)
    kinds = kinds_of(scores)
    first = min((layer for layer, _ in group), default=0)
    looks_back = [
        (layer, head) for layer in range(first) for head, kind in enumerate(kinds[layer]) if kind == "previous_token"
    ]
    if not looks_back:
        return None
    best = max(looks_back, key=lambda place: scores["previous_token"][place])
    off = AblateHeads((best,))
    loaded = session.model_of(trace)
    changed = capture(
        loaded,
        trace.tokens.text,
        interventions=[*trace.interventions, off],
        read=("folds",),
        parity=False,
        progress=tell,
    )
    was, is_now = (
        float(np.mean([each["induction"][place] for place in group])) for each in (scores, scores_of(changed))
    )
    if is_now > FED * was:
        return None
    heads = "copying head" if len(group) == 1 else f"{number(len(group))} copying heads"
    measured = f"Measured on this text: with {name_of(*best)} off, the {heads} put {is_now:.2f} instead of {was:.2f} of their attention on what followed."
    return {"head": name_of(*best), "sentence": measured}


def _offers(trace: Trace, layer: int, head: int) -> JsonValue:
    """What to switch off: the copying heads together, or a head that looks back alone."""
    kinds = kinds_of(scores_of(trace))
    kind = kinds[layer][head] if kinds else None
    if trace.interventions or kind not in ("induction", "previous_token"):
        return []
    group = consequence.copying(trace) if kind == "induction" else ((layer, head),)
    label = f"Switch the {number(len(group))} copying heads off" if len(group) > 1 else "Switch this head off"
    return [{"label": label, "off": [name_of(*place) for place in group], "main": True}]


def _follow_ups(before: Trace, after: Trace, layer: int, head: int) -> JsonValue:
    """The head that the change hit hardest, seen from a head that is off."""
    hit = consequence.hit_hardest(before, after)
    if hit is None or (layer, head) not in consequence.switched_off(after):
        return []
    return [{"label": f"See what it did to {name_of(*hit)}", "head": name_of(*hit)}]


def _next(session: Session, run: str, changed: str) -> tuple[JsonValue, Sentence]:
    """The likeliest next token before and after, and that in words; nothing for a model that predicts none."""
    before, after = (_found(session, each) for each in (run, changed))
    predicted = [_prediction(session, each, trace) for each, trace in ((run, before), (changed, after))]
    if predicted[0] is None or predicted[1] is None:
        return None, sentence(f"{consequence.without(before, after)} the model was run again.")
    token, was, is_now = consequence.next_token(predicted[0], predicted[1])
    return {"token": token, "was": was, "is": is_now}, consequence.expectation(before, after, token, was, is_now)


def _prediction(session: Session, run: str, trace: Trace) -> Prediction | None:
    """The next token of a run, where it was read."""
    read = trace.readings.get("prediction") or session.kept.find(("prediction", run))
    return read if isinstance(read, Prediction) else None


def _json(said: Told, big: JsonValue, actions: JsonValue) -> JsonValue:
    first, more = ([[piece.text, piece.strong] for piece in part] for part in said)
    return {"first": first, "more": more, "big": big, "actions": actions}


def _found(session: Session, run: str) -> Trace:
    trace = session.store.find(run)
    if trace is None:
        raise ValueError(LOST_RUN)
    return trace


def _check(trace: Trace, asked: Claim) -> None:
    sizes = {"layer": len(trace.layers), "head": trace.heads, "query": len(trace.tokens)}
    for name, size in sizes.items():
        if not 0 <= getattr(asked, name) < size:
            raise ValueError(f"there is no {name} {getattr(asked, name)}: this run has 0 to {size - 1}")


CLAIM = Handler("claim", Claim, claim, quick=True)
FEEDER = Handler("feeder", Feeder, feeder)
