"""Maps as arrays: one attention map, or several heads and layers of a stage, as a .npz or .safetensors file.

Both open anywhere without this package and without pickle, and the same map gives the same bytes. A file holds

- `values`: float32 [Q, S], or [L, N, Q, S] for a stack; NaN where the mask leaves no value;
- `reasons`: int8 [Q, S] or [L, Q, S] of `model.Reason`, 0 is visible, if they are known;
- `about`: JSON with the tokens of the rows and columns, the first row and column, layers, heads, stage, scale, record.

In a .npz `about` is an array of UTF-8 bytes, in a .safetensors the text of the metadata.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from safetensors.numpy import save

from gemma2_workbench.figures.spec import TokenMap
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.memory import available_bytes
from gemma2_workbench.suffixes import MAP_SUFFIXES
from gemma2_workbench.traces.stages import checked_stage
from gemma2_workbench.traces.trace import Trace

FORMAT = "gemma2-workbench map"
VERSION = 1
_COPIES = 3  # the stack, what is packed, and one head on its way


@dataclass(frozen=True, eq=False)
class Maps:
    """Maps with what their numbers mean.

    Attributes:
        values: float32 [Q, S] or [L, N, Q, S].
        reasons: int8 [Q, S] or [L, Q, S], or None.
        about: what JSON can hold: tokens, positions, stage, scale.
    """

    values: np.ndarray
    reasons: np.ndarray | None
    about: JsonObject

    @property
    def sentence(self) -> str:
        """How many maps of how many tokens."""
        *stacked, queries, keys = self.values.shape
        size = f"of {queries} queries and {keys} keys"
        if not stacked:
            return f"one map {size}"
        layers, heads = stacked
        count = layers * heads
        return (
            f"{count} {'map' if count == 1 else 'maps'} {size} ({layers} {'layer' if layers == 1 else 'layers'}, "
            f"{heads} {'head' if heads == 1 else 'heads'})"
        )


def of_figure(spec: TokenMap) -> Maps:
    """The map that a figure shows, with its scale."""
    about = {
        "axes": ["query", "key"],
        "title": spec.title,
        "quantity": spec.scale.label,
        "rows": list(spec.rows),
        "columns": list(spec.columns),
        "row_start": int(spec.row_start),
        "column_start": int(spec.column_start),
        "scale": asdict(spec.scale),
    }
    return Maps(spec.values.astype(np.float32), spec.reasons, about)


def stack(
    trace: Trace,
    stage: str = "attn_probs",
    layers: Iterable[int] | None = None,
    heads: Iterable[int] | None = None,
    rows: range | None = None,
    keys: range | None = None,
) -> Maps:
    """One stage of several heads, [L, N, Q, S] in the order that was asked for; everything by default.

    Raises:
        ValueError: a layer, head, stage or range that the trace does not have, or nothing to stack.
        MemoryError: the stack does not fit into the memory that is free now; the message says what does.
    """
    meaning = checked_stage(stage)
    layer_list = list(range(len(trace.layers)) if layers is None else layers)
    head_list = list(range(trace.heads) if heads is None else heads)
    if not layer_list or not head_list:
        raise ValueError("a stack needs at least one layer and one head")
    everything = range(len(trace.tokens))
    rows, keys = everything if rows is None else rows, everything if keys is None else keys
    _check_memory(len(layer_list) * len(head_list), len(rows), len(keys))
    reasons = np.stack([trace.reasons(layer, rows, keys).numpy().astype(np.int8) for layer in layer_list])
    values = torch.empty(len(layer_list), len(head_list), len(rows), len(keys), dtype=torch.float32)
    for i, layer in enumerate(layer_list):
        for j, head in enumerate(head_list):
            values[i, j] = trace.stage(layer, head, stage, rows, keys)
    about = {
        "axes": ["layer", "head", "query", "key"],
        "layers": layer_list,
        "heads": head_list,
        "stage": stage,
        "quantity": f"{meaning.label}: {meaning.formula}",
        "rows": list(trace.tokens.display[rows.start : rows.stop]),
        "columns": list(trace.tokens.display[keys.start : keys.stop]),
        "row_start": rows.start,
        "column_start": keys.start,
    }
    return Maps(values.numpy(), reasons, about)


def packed(maps: Maps, suffix: str, record: JsonObject | None = None) -> bytes:
    """The bytes of a file.

    Args:
        maps: from `of_figure` or `stack`.
        suffix: ".npz" or ".safetensors".
        record: what JSON can hold, see `records`; becomes part of `about`.

    Raises:
        ValueError: another suffix.
        TypeError: JSON cannot hold the record.
    """
    if suffix not in MAP_SUFFIXES:
        raise ValueError(f"a map is saved as {' or '.join(MAP_SUFFIXES)}; got {suffix!r}")
    about = {"format": FORMAT, "version": VERSION, **maps.about} | ({} if record is None else {"record": dict(record)})
    # Escapes, because a token can be half of a character, which UTF-8 cannot hold.
    text = json.dumps(about, sort_keys=True, allow_nan=False)
    arrays = {"values": np.ascontiguousarray(maps.values)}
    if maps.reasons is not None:
        arrays["reasons"] = np.ascontiguousarray(maps.reasons)
    if suffix == ".safetensors":
        # One entry: the order of several would change from file to file.
        return save(arrays, metadata={"about": text})
    target = io.BytesIO()
    np.savez_compressed(target, allow_pickle=False, about=np.frombuffer(text.encode(), np.uint8), **arrays)
    return target.getvalue()


def _check_memory(maps: int, queries: int, keys: int) -> None:
    need, free = 4 * maps * queries * keys * _COPIES, available_bytes()
    if need > free:
        raise MemoryError(
            f"{maps} maps of {queries} x {keys} tokens need about {need / 1e9:.1f} GB, and {free / 1e9:.1f} GB are "
            f"free; choose at most {max(int(free / need * maps), 1)} heads, or fewer rows and keys"
        )
