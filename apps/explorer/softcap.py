"""`saturation` and `logits`: how far the softcap bends the logits of all heads of a run, and of one head in detail."""

import numpy as np
from pydantic import JsonValue

from gemma2_workbench import Trace
from gemma2_workbench.apps.explorer.requested import LOST_RUN
from gemma2_workbench.apps.page.questions import Handler, Question, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.heads.scores import without_softmax_nan
from gemma2_workbench.traces.softcap import head_logits, visible_blocks
from gemma2_workbench.views.softcap import ALL, METRICS, table

# Caps whose share of larger logits is told.
CAPS = (2, 3, 5, 10, 20, 50)


class Saturation(Question):
    """A run."""

    run: str


class Logits(Question):
    """A head of a run."""

    run: str
    layer: int
    head: int


def saturation(session: Session, asked: Saturation, tell: Tell) -> JsonValue:
    """The numbers of the view `softcap`, and which share of all visible logits is larger than each of `CAPS`.

    {"metrics": [{"name", "label", "values" [L][N], null where a layer has no cap}], "logits", "beyond": [[cap, share]]}
    """
    trace = _held(session, asked.run)
    if not trace.readings.get("folds"):
        raise ValueError("this trace was saved without its sums over the text; run the text with its model")
    _check_logits(trace, next((layer.index for layer in trace.layers if layer.softmax), 0))
    return session.kept.get(("saturation", asked.run), lambda: _saturation(trace, tell))


def logits(session: Session, asked: Logits, _tell: Tell) -> JsonValue:
    """The visible logits of one head: how many, how many are beyond the cap, the farthest, and dots of the curve.

    {"softcap", "cells", "beyond" (null without a cap), "farthest" [query, key, raw, capped], "dots": the same, a sample
    where there are many}
    """
    trace = _held(session, asked.run)
    _checked("layer", asked.layer, len(trace.layers))
    _checked("head", asked.head, trace.heads)
    _check_logits(trace, asked.layer)
    cap = trace.layers[asked.layer].softcap
    known = head_logits(trace, asked.layer, asked.head)
    beyond, farthest = 0, (0, 0, 0.0, 0.0)
    for rows, keys, raw_QS, capped_QS in visible_blocks(trace, asked.layer, asked.head):
        size_QS = raw_QS.abs().masked_fill(capped_QS.isnan(), 0)
        beyond += 0 if cap is None else int((size_QS > cap).sum())
        row, key = divmod(int(size_QS.argmax()), len(keys))
        if float(size_QS[row, key]) > abs(farthest[2]):
            farthest = (rows[row], keys[key], float(raw_QS[row, key]), float(capped_QS[row, key]))
    dots = np.stack([known.query, known.key, known.logit, known.score], axis=1)
    return {
        "softcap": cap,
        "cells": known.extent.cells,
        "beyond": None if cap is None else beyond,
        "farthest": list(farthest),
        "dots": [[int(query), int(key), round(raw, 4), round(capped, 4)] for query, key, raw, capped in dots.tolist()],
    }


def saturated(trace: Trace) -> list[JsonValue] | None:
    """Layer and head of the largest visible |logit| of a run, and how large it is; None where it was not read."""
    if not trace.readings.get("folds"):
        return None
    largest_LN = without_softmax_nan(trace.folds["largest_logit"].numpy(), trace.layers)
    if np.isnan(largest_LN).all():
        return None
    layer, head = divmod(int(np.nanargmax(largest_LN)), trace.heads)
    return [layer, head, float(largest_LN[layer, head])]


def _saturation(trace: Trace, tell: Tell) -> JsonValue:
    frame = table(trace, ALL)
    metrics: list[JsonValue] = []
    for metric in METRICS:
        values = frame.loc[frame["metric"] == metric.name, "value"].to_numpy().reshape(-1, trace.heads)
        numbers: JsonValue = [
            [round(value, 5) if np.isfinite(value) else None for value in row] for row in values.tolist()
        ]
        metrics.append({"name": metric.name, "label": metric.label, "values": numbers})
    larger, count = np.zeros(len(CAPS), dtype=np.int64), 0
    for layer in range(len(trace.layers)):
        for head in range(trace.heads if trace.layers[layer].softmax else 0):
            for _, _, raw_QS, capped_QS in visible_blocks(trace, layer, head):
                sizes = np.sort(raw_QS[capped_QS.isfinite()].abs().numpy())
                count += len(sizes)
                larger += len(sizes) - np.searchsorted(sizes, CAPS, side="right")
        tell(layer + 1, len(trace.layers))
    beyond: list[JsonValue] = [[cap, int(n) / count] for cap, n in zip(CAPS, larger, strict=True)]
    return {"metrics": metrics, "logits": count, "beyond": beyond}


def _held(session: Session, run: str) -> Trace:
    trace = session.store.find(run)
    if trace is None:
        raise ValueError(LOST_RUN)
    return trace


def _check_logits(trace: Trace, layer: int) -> None:
    """Refuse a layer whose logits are not known.

    Raises:
        ValueError: it has no softmax, or shows its probabilities alone.
    """
    info = trace.layers[layer]
    if not info.softmax:
        raise ValueError(f"layer {layer} has no softmax, and so no attention logits; choose a layer that attends")
    if not info.staged:
        raise ValueError(f"there are no attention logits here, {trace.tier}")


def _checked(name: str, value: int, count: int) -> None:
    if not 0 <= value < count:
        raise ValueError(f"{name} {value} does not exist; allowed: 0..{count - 1}")


SATURATION = Handler("saturation", Saturation, saturation)
LOGITS = Handler("logits", Logits, logits, quick=True)
