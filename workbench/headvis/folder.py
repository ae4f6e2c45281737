"""Heads as the data folder that the HeadVis viewer reads.

The format is the contract in the docstrings of `data_pipeline.py` of anthropics/headvis (Apache-2.0; Luger, Kamath et
al. 2026, transformer-circuits.pub/2026/headvis), which hijohnnylin/neuronpedia writes too
(utils/neuronpedia-utils/neuronpedia_utils/headvis/README.md). Numbers that the contract leaves open are chosen as
there: the 8 largest probabilities of a row from 0.005 on, four decimals, and the largest activation without the first
row and column, which is what the viewer shows. Projections and feature attributions are not part of it: the viewer runs
without them.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gemma2_workbench.atomic import filling
from gemma2_workbench.headvis.pattern import DECIMALS, METRICS
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.models.tokens import SPACE

_INTERVALS, _TOP_TOKENS = 10, 50
_DISTANCES = (0, *(2**n for n in range(13)))


@dataclass(frozen=True)
class Shown:
    """One head on one text, as the viewer draws it.

    Attributes:
        tokens: what to show for the tokens, T of them.
        indices: q * T + k of the cells that are kept, ascending.
        values: their probabilities, rounded.
        largest: the largest probability without the first row and column.
    """

    tokens: tuple[str, ...]
    indices: tuple[int, ...]
    values: tuple[float, ...]
    largest: float


@dataclass(frozen=True)
class Heads:
    """A data folder before it is written.

    Attributes:
        model: what the viewer calls the model.
        shape: how many layers and heads it has.
        chosen: (layer, head) of those that are written.
        texts: how many texts were read.
        shown: what there is to draw of a head.
        metrics: its scalar metrics, by the names of `METRICS`.
    """

    model: str
    shape: tuple[int, int]
    chosen: Sequence[tuple[int, int]]
    texts: int
    shown: Callable[[int, int], Sequence[Shown]]
    metrics: Callable[[int, int], JsonObject]

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the folder, and return it.

        Raises:
            OSError: it cannot be made or written; what was there is unchanged.
        """
        most = 1
        with filling(folder) as target:
            scatter = []
            for layer, head in self.chosen:
                shown = self.shown(layer, head)
                most = max(most, len(shown))
                _write(target / "heads" / f"L{layer}H{head}.json", head_json(shown, self.texts))
                scatter.append({"layer": layer, "head": head, **self.metrics(layer, head)})
            _write(target / "scatter_data.json", scatter)
            _write(target / "config.json", _config(self, most))
            # Without a server the viewer asks for these two, and empty ones say that there is none.
            _write(target / "server_config.json", {})
            _write(target / "attributions" / "manifest.json", {})
        return Path(folder)


def head_json(shown: Sequence[Shown], texts: int) -> JsonObject:
    """The payload of one head."""
    intervals = min(_INTERVALS, len(shown))
    largest = [each.largest for each in shown]
    ranks = np.argsort(np.argsort(largest, kind="stable"))
    sequences = [
        {
            "sequence_id": number,
            "interval": int(ranks[number] * intervals // len(shown)) + 1,
            "tokens": [piece.replace(SPACE, " ") for piece in each.tokens],
            "attention_indices": list(each.indices),
            "attention_values": list(each.values),
            "seq_len": len(each.tokens),
            "max_activation": round(each.largest, DECIMALS),
        }
        for number, each in enumerate(shown)
    ]
    counts, edges = np.histogram(largest, bins=50, range=(0.0, 1.0))
    mean = round(float(np.mean(largest)), DECIMALS) if largest else None
    return {
        "sequences": sequences,
        "qk_distance_histogram": _distances(sequences),
        "top_query_tokens": _top_tokens(sequences, 0),
        "top_key_tokens": _top_tokens(sequences, 1),
        "histogram": {"bin_edges": edges.round(DECIMALS).tolist(), "bin_values": counts.tolist()},
        "statistics": {"n_samples": texts, "mean_max_activation": mean},
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


def _config(heads: Heads, sequences: int) -> JsonObject:
    """What the viewer reads first."""
    return {
        "model_name": heads.model,
        "heads": [list(head) for head in heads.chosen],
        "n_layers": heads.shape[0],
        "n_heads": heads.shape[1],
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
