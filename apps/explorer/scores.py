"""What each head does in a run, as numbers and kinds, and the head that a run opens with.

`random_repeats`: the same over random sequences, which depends on no sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from pydantic import JsonValue

from gemma2_workbench import HEAD_KINDS, HeadKind, HeadScores, Trace, head_types, score_heads
from gemma2_workbench.apps.explorer.what_if import WhatIfs
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.heads.scores import scores_of

COPYING = "induction"
Place = tuple[int, int]


class Opening(NamedTuple):
    """The head that a run opens with: the strongest of the first kind that the run has, and its row.

    Attributes:
        layer, head, query: the cell.
        kind: of the head, None where no head is of any.
        group: (layer, head) of all heads of the kind, in order.
    """

    layer: int
    head: int
    query: int
    kind: str | None
    group: tuple[Place, ...]


class Heads(NamedTuple):
    """Scores of the heads of a run, and what they make of them.

    Attributes:
        scores: [L, N] by name, NaN where no query has the statistic.
        kinds: the kind that each head is most of, [L][N]; None for a head of none.
    """

    scores: Mapping[str, np.ndarray]
    kinds: tuple[tuple[HeadKind | None, ...], ...]

    @classmethod
    def of(cls, scores: Mapping[str, np.ndarray]) -> Heads:
        """The heads of such scores."""
        types = head_types(scores)
        return cls(scores, tuple(tuple(badges[0].kind if badges else None for badges in row) for row in types))

    def group(self, kind: str) -> tuple[Place, ...]:
        """(layer, head) of the heads of a kind, in order."""
        return tuple(
            (layer, head)
            for layer, row in enumerate(self.kinds)
            for head, one in enumerate(row)
            if one is not None and one.name == kind
        )

    def strongest(self, kind: HeadKind, among: tuple[Place, ...]) -> Place:
        """The head that is most of a kind."""
        return max(among, key=lambda place: self.scores[kind.score][place])


def heads_of(trace: Trace) -> Heads:
    """The heads of a run."""
    return Heads.of(scores_of(trace.folds, trace.layers))


def opening(trace: Trace, heads: Heads | None = None) -> Opening:
    """Where a run opens: the strongest copying head, and the last query whose token came before.

    A text without repeats has no copying heads: then the first kind of `HEAD_KINDS` that some head is of. Without any,
    the head that copies most, or where nothing repeats the one that is least spread.

    Args:
        trace: a run.
        heads: its heads, where they are known already.
    """
    heads, last = heads or heads_of(trace), len(trace.tokens) - 1
    for kind in HEAD_KINDS:
        group = heads.group(kind.name)
        if group:
            layer, head = heads.strongest(kind, group)
            return Opening(layer, head, _last_query(trace, kind, last), kind.name, group)
    copying, spread = heads.scores[COPYING], heads.scores["entropy"]
    best = int(spread.argmin() if np.isnan(copying).all() else np.nanargmax(copying))
    layer, head = divmod(best, trace.heads)
    return Opening(layer, head, last, None, ((layer, head),))


def scores_json(trace: Trace) -> dict[str, JsonValue]:
    """`heads_json` of a run and its opening; nothing for a trace whose folds were not read."""
    if "folds" not in trace.readings or not trace.folds:
        return {"scores": {}, "types": [], "kinds": [], "opening": None}
    heads = heads_of(trace)
    found = opening(trace, heads)
    group: JsonValue = [name_of(place) for place in found.group]
    opens: JsonValue = {
        "head": name_of((found.layer, found.head)), "query": found.query, "kind": found.kind, "group": group,
    }  # fmt: skip
    return {**heads_json(heads), "opening": opens}


def heads_json(heads: Heads) -> dict[str, JsonValue]:
    """{"scores": {metric: [L][N]}, "types": [L][N], "kinds": [{name, score, threshold}]}; NaN is null."""
    numbers: dict[str, JsonValue] = {
        name: [[round(value, 6) if np.isfinite(value) else None for value in row] for row in value_LN.tolist()]
        for name, value_LN in heads.scores.items()
    }
    types: JsonValue = [[None if kind is None else kind.name for kind in row] for row in heads.kinds]
    kinds: JsonValue = [
        {"name": one.name, "score": one.score, "threshold": one.threshold}
        for one in HEAD_KINDS
        if one.score in heads.scores
    ]
    return {"scores": numbers, "types": types, "kinds": kinds}


def name_of(place: Place) -> str:
    """`L5H3`."""
    return f"L{place[0]}H{place[1]}"


class RandomRepeats(Question):
    """A run, whose model is scored."""

    run: str


def random_repeats(session: Session, asked: RandomRepeats, tell: Tell) -> JsonValue:
    """`heads_json` over random sequences, how many, and that in words."""
    loaded = WhatIfs(session).model(asked.run)
    found: HeadScores = session.kept.get(("random_repeats", loaded.name), lambda: score_heads(loaded, progress=tell))
    said = f"{found.sequences} sequences of {found.length} random tokens, each twice"
    return {**heads_json(Heads.of(found.scores)), "sequences": found.sequences, "said": said}


def _last_query(trace: Trace, kind: HeadKind, last: int) -> int:
    """The last query for which the kind's score is defined."""
    fold = trace.folds.get(kind.score)
    return last if fold is None else int(np.flatnonzero(np.isfinite(fold[0, 0].numpy())).max(initial=0))


RANDOM_REPEATS = Handler("random_repeats", RandomRepeats, random_repeats)
