"""What the browser is told about one cell: its five numbers, why it is hidden, its row, and the layer's other heads."""

import json
from math import isfinite

import numpy as np
from pydantic import JsonValue

from gemma2_workbench import Trace
from gemma2_workbench.model.reason import Reason
from gemma2_workbench.traces.cell import Cell, inspect_cell
from gemma2_workbench.traces.stages import STAGES

# More keys of a row than the largest screen has room for.
RANKED = 48
# What stands for the learned sink of a head where a key is named.
SINK = "sink"


def story(trace: Trace, layer: int, head: int, query: int, key: int | str) -> dict[str, JsonValue]:
    """The cell in five stages, its row ranked by probability, and its probability in all heads of the layer.

    The key `SINK` is the learned sink of the head: a logit of the softmax that belongs to no token and writes nothing.

    Every number is None where the mask leaves none. `largest` is what the bars of the stages are measured by: the
    largest magnitude in the row, of the contributions their sum. `off`: the head is off, so its contributions are 0.
    `sink` is what a learned sink takes of the row, with which its probabilities sum to 1; None without one.

    Raises:
        ValueError: a layer, head, query or key that the trace does not have; or the probabilities of the head were
            patched.
    """
    at = query if key == SINK else int(key)
    cell = inspect_cell(trace, layer, head, query, at)
    stages = {name: cell.row[name].to_numpy(dtype=float) for name in STAGES}
    info = trace.layers[layer]
    here = range(query, query + 1)
    sink = None if info.sinks is None else trace.sink_share(layer, head, here).item()
    told: dict[str, JsonValue] = {
        "layer": layer,
        "head": head,
        "query": query,
        "key": key,
        "kind": info.kind,
        "window": info.window,
        "softcap": info.softcap,
        "scale": info.scale,
        "causal": info.causal,
        "off": any(change.silences(layer, head) for change in trace.interventions),
        "hidden": None if cell.reason == Reason.VISIBLE else cell.reason.name.lower(),
        "visible": cell.visible,
        "sink": None if sink is None else _number(sink),
        "values": {name: _number(values_S[at]) for name, values_S in stages.items()},
        "largest": {name: _number(_largest(values_S, name)) for name, values_S in stages.items()},
        "stages": [*trace.known_stages(layer)],
        "length": _length(trace, layer, head, at),
        "share": _number(cell.share),
        "rank": cell.rank,
        "row": _ranked(cell, sink),
        "heads": [
            _number(trace.stage(layer, other, "attn_probs", here, range(at, at + 1)).item())
            for other in range(trace.heads)
        ],
    }
    return told | _of_sink(trace, layer, head, here, stages["attn_probs"]) if key == SINK else told


def _ranked(cell: Cell, sink: float | None) -> list[JsonValue]:
    """The row, largest probability first; the sink has its place in it."""
    probs, contributions = (cell.row[name].to_numpy(dtype=float) for name in ("attn_probs", "contribution"))
    order = np.argsort(cell.row["rank"].to_numpy(dtype=float))[: min(cell.visible, RANKED)]
    row: list[tuple[int | str, float, float | None]] = [
        (int(at), float(probs[at]), _number(float(contributions[at]))) for at in order
    ]
    if sink is not None and isfinite(sink):
        row.insert(sum(prob > sink for _, prob, _ in row), (SINK, sink, 0.0))
    return [{"key": key, "prob": prob, "contribution": contribution} for key, prob, contribution in row]


def _of_sink(trace: Trace, layer: int, head: int, row: range, probs_S: np.ndarray) -> dict[str, JsonValue]:
    """What differs where the cell is the learned sink of a head."""
    sinks = trace.layers[layer].sinks or ()
    share = trace.sink_share(layer, head, row).item()
    logits = dict.fromkeys(("attn_logits", "attn_scores", "attn_masked"), _number(sinks[head]))
    return {
        "hidden": None,
        "values": logits | {"attn_probs": _number(share), "contribution": 0.0},
        "length": None,
        "share": 0.0,
        "rank": 1 + int(np.count_nonzero(probs_S > share)),
        "heads": [_number(trace.sink_share(layer, other, row).item()) for other in range(trace.heads)],
    }


def _length(trace: Trace, layer: int, head: int, key: int) -> float | None:
    """|| W_O v || of a key, None where no output projection is known."""
    norms = trace.tensors[layer].value_norms
    return norms[head, key].item() if len(norms) else None


def _largest(values_S: np.ndarray, stage: str) -> float:
    if np.isnan(values_S).all():
        return float("nan")
    return float(np.nansum(values_S) if stage == "contribution" else np.nanmax(np.abs(values_S)))


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def as_json(told: dict[str, JsonValue]) -> bytes:
    """The story as UTF-8 JSON."""
    return json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
