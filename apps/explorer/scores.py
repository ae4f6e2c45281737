"""What each head does in a run, as numbers and names: mean scores, kinds of heads, and the head to open with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from pydantic import JsonValue

from gemma2_workbench import Trace
from gemma2_workbench.views.atlas import METRICS, mean_over_queries


class Kind(NamedTuple):
    """A kind of head: its name, the score that decides, and from where on."""

    name: str
    score: str
    threshold: float


KINDS = (
    Kind("induction", "induction", 0.5),
    Kind("previous_token", "previous_token", 0.5),
    Kind("duplicate_token", "duplicate_token", 0.5),
    Kind("sink", "first_token", 0.5),
    Kind("spread", "spread", 0.9),
)
Scores = Mapping[str, np.ndarray]


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
    group: tuple[tuple[int, int], ...]


def scores_of(trace: Trace) -> dict[str, np.ndarray]:
    """Means over the queries that have the statistic, float64 [L, N]; NaN where none has."""
    folds = {metric.name: trace.folds[metric.name].double().numpy() for metric in METRICS if metric.name in trace.folds}
    scores = {name: mean_over_queries(values_LNT) for name, values_LNT in folds.items()}
    if "entropy" in folds:
        seen_LT = [
            [_seen(trace, layer, query) for query in range(len(trace.tokens))]
            for layer in range(len(scores["entropy"]))
        ]
        most_L1T = np.log(np.asarray(seen_LT))[:, None]
        scores["spread"] = mean_over_queries(folds["entropy"] / np.where(most_L1T > 0, most_L1T, np.nan))
    return scores


def kinds_of(scores: Scores) -> list[list[str | None]]:
    """The kind of every head, [L][N]: the one that it is most of; None for a head of no kind."""
    known = [kind for kind in KINDS if kind.score in scores]
    if not known:
        return []
    value_KLN = np.stack([np.nan_to_num(scores[kind.score]) for kind in known])
    value_KLN = np.where(value_KLN >= np.asarray([kind.threshold for kind in known])[:, None, None], value_KLN, 0)
    best_LN, is_any_LN = value_KLN.argmax(0), value_KLN.any(0)
    return [
        [known[best].name if is_any else None for best, is_any in zip(*row, strict=True)]
        for row in zip(best_LN, is_any_LN, strict=True)
    ]


def opening(trace: Trace) -> Opening:
    """Where a run opens: the strongest copying head and the last query whose token came before.

    A text without repeats has no copying heads: then the first kind of `KINDS` that some head is of. Without any, the
    head that is least spread.
    """
    scores = scores_of(trace)
    kinds = kinds_of(scores)
    last = len(trace.tokens) - 1
    for kind in KINDS:
        group = tuple(
            (layer, head) for layer, row in enumerate(kinds) for head, name in enumerate(row) if name == kind.name
        )
        if group:
            layer, head = max(group, key=lambda place: scores[kind.score][place])
            return Opening(layer, head, _query(trace, kind) or last, kind.name, group)
    layer, head = _first(scores.get("entropy"), np.nanargmin)
    return Opening(layer, head, last, None, ((layer, head),))


def scores_json(trace: Trace) -> dict[str, JsonValue]:
    """Scores, kinds and opening of a run, as the page holds them."""
    scores = scores_of(trace)
    return {**scored_json(scores), "opening": opening_json(opening(trace))}


def scored_json(scores: Scores) -> dict[str, JsonValue]:
    """{"scores": {metric: [L][N]}, "types": [L][N], "kinds": [{name, score, threshold}]}; NaN is null."""
    numbers: dict[str, JsonValue] = {
        name: [[round(value, 6) if np.isfinite(value) else None for value in row] for row in value_LN.tolist()]
        for name, value_LN in scores.items()
    }
    types: JsonValue = [list(row) for row in kinds_of(scores)]
    kinds: JsonValue = [dict(kind._asdict()) for kind in KINDS if kind.score in scores]
    return {"scores": numbers, "types": types, "kinds": kinds}


def opening_json(found: Opening) -> JsonValue:
    """As JSON, heads by their names."""
    group: JsonValue = [name_of(*place) for place in found.group]
    return {"head": name_of(found.layer, found.head), "query": found.query, "kind": found.kind, "group": group}


def name_of(layer: int, head: int) -> str:
    """`L5H3`."""
    return f"L{layer}H{head}"


def _query(trace: Trace, kind: Kind) -> int | None:
    """The last query for which the kind's score is defined."""
    fold = trace.folds.get(kind.score)
    defined = [] if fold is None else np.flatnonzero(np.isfinite(fold[0, 0].numpy()))
    return int(defined[-1]) if len(defined) else None


def _first(values_LN: np.ndarray | None, pick: Callable[[np.ndarray], np.intp]) -> tuple[int, int]:
    if values_LN is None or np.isnan(values_LN).all():
        return 0, 0
    layer, head = np.unravel_index(pick(values_LN), values_LN.shape)
    return int(layer), int(head)


def _seen(trace: Trace, layer: int, query: int) -> int:
    """How many keys a query sees."""
    return len(trace.layers[layer].mask.reach(range(query, query + 1), range(len(trace.tokens))))
