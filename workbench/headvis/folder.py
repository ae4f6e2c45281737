"""Heads as the data folder that the HeadVis viewer reads, made from the texts of some traces.

The format is the contract in the docstrings of `data_pipeline.py` of anthropics/headvis (Apache-2.0; Luger, Kamath et
al. 2026, transformer-circuits.pub/2026/headvis), which hijohnnylin/neuronpedia writes too
(utils/neuronpedia-utils/neuronpedia_utils/headvis/README.md). Numbers that the contract leaves open are chosen as
there: the 8 largest probabilities of a row from 0.005 on, four decimals, and the largest activation without the first
row and column, which is what the viewer shows. HeadVis is made for thousands of sequences; these are as many as there
are traces. Projections and feature attributions are not part of it: the viewer runs without them.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gemma2_workbench.atomic import filling
from gemma2_workbench.headvis.pattern import DECIMALS, METRICS, Pattern, measured, metrics
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.tokens import SPACE
from gemma2_workbench.traces.trace import Trace

_INTERVALS, _TOP_TOKENS = 10, 50
_DISTANCES = (0, *(2**n for n in range(13)))


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
    chosen = list(heads or [(layer, head) for layer in range(len(first.layers)) for head in range(first.heads)])
    for layer, head in chosen:
        first.stage(layer, head, rows=range(1), keys=range(1))  # an unknown head is refused before anything is written
    with filling(folder) as target:
        scatter = []
        for layer, head in chosen:
            patterns = [measured(trace, layer, head) for trace in traces]
            _write(target / "heads" / f"L{layer}H{head}.json", _head(traces, patterns))
            scatter.append({"layer": layer, "head": head, **metrics(patterns)})
        _write(target / "scatter_data.json", scatter)
        _write(target / "config.json", _config(first, chosen, len(traces)))
        # Without a server the viewer asks for these two, and empty ones say that there is none.
        _write(target / "server_config.json", {})
        _write(target / "attributions" / "manifest.json", {})
    return Path(folder)


def head_data(traces: Sequence[Trace], layer: int, head: int) -> JsonObject:
    """What HeadVis reads as `heads/L{layer}H{head}.json`.

    Raises:
        ValueError: no traces, traces of different models, or a head that they do not have.
    """
    _common(traces)
    return _head(traces, [measured(trace, layer, head) for trace in traces])


def _common(traces: Sequence[Trace]) -> Trace:
    """The first trace, if all are of one model."""
    if not traces:
        raise ValueError("HeadVis data needs at least one trace; got none")
    if any((t.model, t.interventions) != (traces[0].model, traces[0].interventions) for t in traces):
        raise ValueError("HeadVis data is of one model; the traces are of different models or changed differently")
    return traces[0]


def _head(traces: Sequence[Trace], patterns: Sequence[Pattern]) -> JsonObject:
    """The payload of one head."""
    intervals = min(_INTERVALS, len(patterns))
    ranks = np.argsort(np.argsort([pattern.largest for pattern in patterns], kind="stable"))
    sequences = [
        {
            "sequence_id": number,
            "interval": int(ranks[number] * intervals // len(patterns)) + 1,
            "tokens": [piece.replace(SPACE, " ") for piece in trace.tokens.display],
            "attention_indices": list(pattern.indices),
            "attention_values": list(pattern.values),
            "seq_len": len(trace.tokens),
            "max_activation": round(pattern.largest, DECIMALS),
        }
        for number, (trace, pattern) in enumerate(zip(traces, patterns, strict=True))
    ]
    largest = [pattern.largest for pattern in patterns]
    counts, edges = np.histogram(largest, bins=50, range=(0.0, 1.0))
    return {
        "sequences": sequences,
        "qk_distance_histogram": _distances(sequences),
        "top_query_tokens": _top_tokens(sequences, 0),
        "top_key_tokens": _top_tokens(sequences, 1),
        "histogram": {"bin_edges": edges.round(DECIMALS).tolist(), "bin_values": counts.tolist()},
        "statistics": {"n_samples": len(sequences), "mean_max_activation": round(float(np.mean(largest)), DECIMALS)},
    }


def _cells(sequence: JsonObject) -> list[tuple[int, int, float]]:
    """Query, key and probability of the cells that were kept."""
    pairs = zip(sequence["attention_indices"], sequence["attention_values"], strict=True)
    length = sequence["seq_len"]
    return [(index // length, index % length, value) for index, value in pairs]


def _distances(sequences: list[JsonObject]) -> dict[str, list[float]]:
    """Attention by distance, of the cells that were kept."""
    cells = [cell for sequence in sequences for cell in _cells(sequence)]
    far, weights = [abs(query - key) for query, key, _ in cells], [value for *_, value in cells]
    sums, edges = np.histogram(far, bins=_DISTANCES, weights=weights)
    return {"bin_edges": edges.tolist(), "bin_values": sums.round(DECIMALS).tolist()}


def _top_tokens(sequences: list[JsonObject], side: int) -> list[JsonObject]:
    """The tokens with most attention of the cells that were kept, as queries (side 0) or keys (side 1)."""
    sums: defaultdict[str, float] = defaultdict(float)
    for sequence in sequences:
        for cell in _cells(sequence):
            sums[sequence["tokens"][cell[side]]] += cell[2]
    ranked = sorted(sums.items(), key=lambda item: -item[1])[:_TOP_TOKENS]
    return [{"token": token, "weight": round(weight, DECIMALS)} for token, weight in ranked]


def _config(trace: Trace, heads: list[tuple[int, int]], sequences: int) -> JsonObject:
    """What the viewer reads first."""
    changes = f" (modified: {'; '.join(trace.changes)})" if trace.changes else ""
    return {
        "model_name": trace.model.name + changes,
        "heads": [list(head) for head in heads],
        "n_layers": len(trace.layers),
        "n_heads": trace.heads,
        "n_intervals": min(_INTERVALS, sequences),
        "metrics": list(METRICS),
        "metric_descriptions": METRICS,
        "head_data_pattern": "L{layer}H{head}.json",
        "has_umap": False,
        "umap_heads": [],
        "custom_plots": [
            {"key": "qk_distance_histogram", "label": "Q-K distance"},
            {"key": "histogram", "label": "Activation distribution"},
        ],
        "custom_tables": [
            {"key": "top_query_tokens", "label": "Top query tokens"},
            {"key": "top_key_tokens", "label": "Top key tokens"},
        ],
        "statistics_display": {
            "n_samples": {"label": "Sequences", "format": "default"},
            "mean_max_activation": {"label": "Mean max activation", "format": "default"},
        },
    }


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")
