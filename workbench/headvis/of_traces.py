"""Heads of traces for HeadVis: all rows of their maps, a sequence for each trace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from gemma2_workbench.headvis.folder import Heads, Shown, head_json
from gemma2_workbench.headvis.pattern import Pattern, measured, metrics
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.traces.trace import Trace


def save(
    traces: Sequence[Trace], folder: str | os.PathLike[str], heads: Sequence[tuple[int, int]] | None = None
) -> Path:
    """Write the data folder of some heads, with one sequence per trace; return the folder.

    Args:
        traces: runs of one model.
        folder: it is made if it is not there; what HeadVis calls `data/`.
        heads: (layer, head) pairs; all by default.

    Raises:
        ValueError: no traces, traces of different models, or a head that they do not have.
        OSError: the folder cannot be made or written; what was there is unchanged.
    """
    first = _common(traces)
    shape = (len(first.layers), first.heads)
    chosen = list(heads or [(layer, head) for layer in range(shape[0]) for head in range(shape[1])])
    for layer, head in chosen:
        first.stage(layer, head, rows=range(1), keys=range(1))  # an unknown head is refused before anything is written

    @lru_cache(maxsize=1)
    def patterns(layer: int, head: int) -> list[Pattern]:
        return [measured(trace, layer, head) for trace in traces]

    changes = f" (modified: {'; '.join(first.changes)})" if first.changes else ""
    return Heads(
        first.model.name + changes,
        shape,
        chosen,
        len(traces),
        lambda layer, head: _shown(traces, patterns(layer, head)),
        lambda layer, head: metrics(patterns(layer, head)),
    ).save(folder)


def head_data(traces: Sequence[Trace], layer: int, head: int) -> JsonObject:
    """What HeadVis reads as `heads/L{layer}H{head}.json`.

    Raises:
        ValueError: no traces, traces of different models, or a head that they do not have.
    """
    _common(traces)
    return head_json(_shown(traces, [measured(trace, layer, head) for trace in traces]), len(traces))


def _shown(traces: Sequence[Trace], patterns: Sequence[Pattern]) -> list[Shown]:
    return [
        Shown(tuple(trace.tokens.display), pattern.indices, pattern.values, pattern.largest)
        for trace, pattern in zip(traces, patterns, strict=True)
    ]


def _common(traces: Sequence[Trace]) -> Trace:
    """The first trace, if all are of one model."""
    if not traces:
        raise ValueError("HeadVis data needs at least one trace; got none")
    if any((t.model, t.interventions) != (traces[0].model, traces[0].interventions) for t in traces):
        raise ValueError("HeadVis data is of one model; the traces are of different models or changed differently")
    return traces[0]
