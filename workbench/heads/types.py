"""`head_types`: which kinds of head each head is, by its scores in a run or on repeated random tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gemma2_workbench.heads.kinds import HEAD_KINDS, HeadKind
from gemma2_workbench.heads.scores import scores_of

if TYPE_CHECKING:
    import numpy as np

    from gemma2_workbench.traces.trace import Trace


@dataclass(frozen=True)
class Badge:
    """A kind that a head is of, and the score that makes it one."""

    kind: HeadKind
    score: float

    @property
    def text(self) -> str:
        """What the badge says, for example `induction 0.88`."""
        return f"{self.kind.label} {self.score:.2f}"


HeadTypes = Sequence[Sequence[tuple[Badge, ...]]]


@runtime_checkable
class Scored(Protocol):
    """What has scores, such as `HeadScores`."""

    @property
    def scores(self) -> Mapping[str, np.ndarray]:
        """Arrays [L, N] by name (`heads.scores.SCORES`)."""
        ...


def head_types(scored: Trace | Scored | Mapping[str, np.ndarray]) -> HeadTypes:
    """The badges of every head, [L][N]; the strongest first, and none for a head of no kind.

    Args:
        scored: a run whose folds were read, the scores of `score_heads`, or scores [L, N] by name.

    Raises:
        ValueError: the run was captured without folds, or there is no score.
    """
    if isinstance(scored, Mapping):
        scores = scored
    else:
        scores = scored.scores if isinstance(scored, Scored) else scores_of(scored.folds, scored.layers)
    known = [kind for kind in HEAD_KINDS if kind.score in scores]
    if not known:
        raise ValueError(f"there is no score of a kind of head; give one of {[kind.score for kind in HEAD_KINDS]}")
    L, N = scores[known[0].score].shape
    return tuple(tuple(_badges(known, scores, layer, head) for head in range(N)) for layer in range(L))


def _badges(kinds: Sequence[HeadKind], scores: Mapping[str, np.ndarray], layer: int, head: int) -> tuple[Badge, ...]:
    found = [Badge(kind, float(scores[kind.score][layer, head])) for kind in kinds]
    # NaN reaches no threshold.
    return tuple(sorted((badge for badge in found if badge.score >= badge.kind.threshold), key=lambda one: -one.score))
