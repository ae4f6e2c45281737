"""`change`: the text of a run through a changed model, and what that did; `changeable`: what can be changed."""

import re
from collections.abc import Iterator

from pydantic import JsonValue

from gemma2_workbench import AblateHeads
from gemma2_workbench.apps.explorer.differences import divergence, forecast, largest_differences, logits_changed
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.traces.interventions import Intervention, SetCausal, SetFinalSoftcap, SetSoftcap, SetWindow

_HEAD = re.compile(r"L(\d{1,4})H(\d{1,4})", re.ASCII)
# How the page calls what commands set by a flag.
_NAMES: dict[str, tuple[type[Intervention], str]] = {
    "cap": (SetSoftcap, "the attention cap"),
    "window": (SetWindow, "the window"),
    "causal": (SetCausal, "causal"),
    "final": (SetFinalSoftcap, "the final cap"),
}


class Change(Question):
    """A run of the model as it is, and changes: heads that are off ("L5H3"), and settings as a flag writes them."""

    run: str
    off: list[str] = []
    cap: str | None = None
    window: str | None = None
    causal: str | None = None
    final: str | None = None


class Changeable(Question):
    """A run."""

    run: str


def change(session: Session, asked: Change, tell: Tell) -> JsonValue:
    """The changed run's id and how far it is from the run as it is."""
    changes = tuple(_changes(asked))
    if not changes:
        raise ValueError("nothing is changed: switch a head off, or set a cap, window or mask")
    changed, pair = WhatIfs(session).pair(asked.run, changes, tell)
    effects: list[JsonValue] = [
        {"sentence": effect.sentence, "changed": effect.changed, "of": effect.of, "largest": effect.largest}
        for effect in pair.after.effects
    ]
    return {
        "id": changed,
        "changes": [*pair.after.changes],
        "effects": effects,
        "kl": divergence(pair),
        "logits": logits_changed(pair),
        "forecast": forecast(pair),
        "largest": largest_differences(pair),
    }


def changeable(session: Session, asked: Changeable, _tell: Tell) -> JsonValue:
    """The model's own settings.

    Raises:
        ModelAbsentError, ValueError: nothing can be changed; says why.
    """
    loaded = WhatIfs(session).model(asked.run)
    if loaded.maps_only:
        raise ValueError(f"nothing in {loaded.name} can be changed, {loaded.tier}")
    local = [layer for layer in loaded.layers if layer.window is not None]
    return {
        "cap": next((layer.softcap for layer in loaded.layers if layer.softmax), None),
        "window": local[0].window if local else None,
        "local": [layer.index for layer in local],
        "causal": loaded.causal,
        "predicts": loaded.unembedding is not None,
        "final": loaded.unembedding.softcap if loaded.unembedding else None,
    }


def _changes(asked: Change) -> Iterator[Intervention]:
    """The interventions in the order in which a model would be configured: heads last."""
    for field, (kind, name) in _NAMES.items():
        value: str | None = getattr(asked, field)
        if value is not None:
            yield _parsed(kind, name, value)
    if asked.off:
        yield AblateHeads(tuple(sorted({_head(name) for name in asked.off})))


def _parsed(kind: type[Intervention], name: str, value: str) -> Intervention:
    try:
        return kind.parse(value)
    except ValueError as error:
        raise ValueError(str(error).replace(kind.FLAG.name, name)) from None


def _head(name: str) -> tuple[int, int]:
    found = _HEAD.fullmatch(name)
    if found is None:
        raise ValueError(f"{name[:12]!r} is no head; write L5H3 for layer 5, head 3")
    return int(found[1]), int(found[2])


CHANGE = Handler("change", Change, change)
CHANGEABLE = Handler("changeable", Changeable, changeable, quick=True)
