"""What the browser is told about one cell: numbers and sentences as JSON, maps as base64 of little-endian bytes."""

import base64
import json
from typing import Any

import numpy as np
import pandas as pd

from gemma2_workbench import Trace
from gemma2_workbench.traces.cell import around, inspect_cell
from gemma2_workbench.traces.stages import STAGES

SIDE = 17  # tokens along a map around the cell
RANKED = 10


def story(trace: Trace, layer: int, head: int, query: int, key: int, stage: str) -> dict[str, Any]:
    """The cell in five stages, its row, the maps around it, and all heads of the layer at `stage`.

    Q = S = min(17, T). `maps` is float32 [5, Q, S], `head_maps` [N, Q, S], `reasons` uint8 [Q, S]; hidden is NaN.

    Raises:
        ValueError: a layer, head, query or key that the trace does not have.
    """
    cell = inspect_cell(trace, layer, head, query, key)
    row = cell.row
    tokens = len(trace.tokens)
    rows, keys = around(query, tokens, SIDE), around(key, tokens, SIDE)
    info = trace.layers[layer]
    maps = np.stack([trace.stage(layer, head, name, rows, keys).numpy() for name in STAGES])
    head_maps = np.stack([trace.stage(layer, other, stage, rows, keys).numpy() for other in range(trace.heads)])
    here = head_maps[:, query - rows.start, key - keys.start]
    return {
        "layer": layer,
        "head": head,
        "query": query,
        "key": key,
        "stage": stage,
        "kind": info.kind,
        "window": info.window,
        "softcap": info.softcap,
        "kv_heads": trace.kv_heads,
        "modified": list(trace.changes),
        "visible": cell.visible,
        "length": tokens,
        "steps": [{"stage": step.stage, "value": _number(step.value), "between": step.between} for step in cell.steps],
        "row": [_ranked(at) for at in row.dropna(subset="rank").sort_values("rank")[:RANKED].itertuples()],
        "rest": _rest(row.loc[row["rank"] > RANKED]),
        "heads": [_number(float(value)) for value in here],
        "tokens": {index: trace.tokens.display[index] for index in sorted({*rows, *keys})},
        "rows": [rows.start, rows.stop],
        "keys": [keys.start, keys.stop],
        "maps": _base64(maps.astype("<f4", copy=False)),
        "head_maps": _base64(head_maps.astype("<f4", copy=False)),
        "reasons": _base64(trace.reasons(layer, rows, keys).numpy().astype(np.uint8)),
    }


def _ranked(at: Any) -> dict[str, Any]:
    """One key of the row."""
    return {
        "key": at.key,
        "token": at.key_token,
        "distance": at.distance,
        "prob": at.attn_probs,
        "contribution": at.contribution,
        "share": at.share,
    }


def _rest(others: pd.DataFrame) -> dict[str, Any]:
    """All keys below the ranked ones together."""
    columns = {"prob": "attn_probs", "contribution": "contribution", "share": "share"}
    sums = {name: float(others[column].to_numpy().sum()) for name, column in columns.items()}
    return {"keys": len(others), **sums}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def as_json(told: dict[str, Any]) -> bytes:
    """The story as UTF-8 JSON."""
    return json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
