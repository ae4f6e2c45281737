"""What the browser is told about one cell: its five numbers, why it is hidden, its row, and the layer's other heads."""

import json
from math import isfinite

import pandas as pd
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
    largest magnitude in the row, of the contributions their sum. `off`: the head is switched off, its contributions are 0.

    Raises:
        ValueError: a layer, head, query or key that the trace does not have; or the probabilities of the head were
            patched.
    """
    cell = inspect_cell(trace, layer, head, query, key)
    row = cell.row
    info = trace.layers[layer]
    at = row.iloc[key]
    here, there = range(query, query + 1), range(key, key + 1)
    probs = [trace.stage(layer, other, "attn_probs", here, there).item() for other in range(trace.heads)]
    ranked = row.dropna(subset="rank").sort_values("rank")[:RANKED]
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
        "values": {name: _number(at[name]) for name in STAGES},
        "largest": {name: _number(_largest(row[name], name)) for name in STAGES},
        "length": trace.tensors[layer].value_norms[head, key].item(),
        "share": _number(cell.share),
        "rank": cell.rank,
        "row": [
            {"key": int(one["key"]), "prob": one["attn_probs"], "contribution": one["contribution"]}
            for one in ranked.to_dict("records")
        ],
        "heads": [_number(probability) for probability in probs],
    }


def _largest(values_S: "pd.Series[float]", stage: str) -> float:
    return float(values_S.sum() if stage == "contribution" else values_S.abs().max())


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def as_json(told: dict[str, JsonValue]) -> bytes:
    """The story as UTF-8 JSON."""
    return json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
