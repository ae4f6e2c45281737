"""What the browser is told about one cell: its five numbers, why it is hidden, its row, and the layer's other heads."""

import json
from math import isfinite

import numpy as np
from pydantic import JsonValue

from gemma2_workbench import Trace
from gemma2_workbench.model.reason import Reason
from gemma2_workbench.traces.cell import inspect_cell
from gemma2_workbench.traces.stages import STAGES

# More keys of a row than the largest screen has room for.
RANKED = 48


def story(trace: Trace, layer: int, head: int, query: int, key: int) -> dict[str, JsonValue]:
    """The cell in five stages, its row ranked by probability, and its probability in all heads of the layer.

    Every number is None where the mask leaves none. `largest` is what the bars of the stages are measured by: the
    largest magnitude in the row, of the contributions their sum. `off`: the head is off, so its contributions are 0.
    `sink` is what a learned sink takes of the row, with which its probabilities sum to 1; None without one.

    Raises:
        ValueError: a layer, head, query or key that the trace does not have; or the probabilities of the head were
            patched.
    """
    cell = inspect_cell(trace, layer, head, query, key)
    stages = {name: cell.row[name].to_numpy(dtype=float) for name in STAGES}
    info = trace.layers[layer]
    here, there = range(query, query + 1), range(key, key + 1)
    probs = [trace.stage(layer, other, "attn_probs", here, there).item() for other in range(trace.heads)]
    order = np.argsort(cell.row["rank"].to_numpy(dtype=float))[: min(cell.visible, RANKED)]
    row: list[JsonValue] = [
        {
            "key": int(at),
            "prob": float(stages["attn_probs"][at]),
            "contribution": _number(float(stages["contribution"][at])),
        }
        for at in order
    ]
    return {
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
        "sink": None if info.sinks is None else _number(trace.sink_share(layer, head, here).item()),
        "values": {name: _number(values_S[key]) for name, values_S in stages.items()},
        "largest": {name: _number(_largest(values_S, name)) for name, values_S in stages.items()},
        "stages": [*trace.known_stages(layer)],
        "length": _length(trace, layer, head, key),
        "share": _number(cell.share),
        "rank": cell.rank,
        "row": row,
        "heads": [_number(probability) for probability in probs],
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
