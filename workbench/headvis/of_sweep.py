"""Heads of a sweep for HeadVis: metrics over all its texts, and the rows of its examples as sequences.

Of a text only the rows of examples were kept, each the 24 keys around its peak: other rows of its map are empty. The
variance of the distance is not kept by a sweep.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gemma2_workbench.headvis.folder import Heads, Shown
from gemma2_workbench.headvis.pattern import DECIMALS, LARGEST, METRICS, THRESHOLD
from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.sweeps.head_page import Example, head_page
from gemma2_workbench.sweeps.result import Sweep

_MOST = 64  # texts of a head: a file of a few megabytes
_FROM = {
    "self_attention_score": "self_attention",
    "previous_token_score": "previous_token",
    "pattern_entropy": "entropy",
    "qk_distance": "distance",
    "induction_score": "induction",
}


def save_sweep(sweep: Sweep, folder: str | os.PathLike[str], heads: Sequence[tuple[int, int]] | None = None) -> Path:
    """Write the data folder of some heads of a sweep; return the folder.

    Args:
        sweep: what was found over the texts.
        folder: it is made if it is not there; what HeadVis calls `data/`.
        heads: (layer, head) pairs; all by default.

    Raises:
        ValueError: a head that the model does not have.
        OSError: the folder cannot be made or written; what was there is unchanged.
    """
    shape = (sweep.sizes["layer"], sweep.sizes["head"])
    chosen = list(heads or [(layer, head) for layer in range(shape[0]) for head in range(shape[1])])
    for layer, head in chosen:
        if not (0 <= layer < shape[0] and 0 <= head < shape[1]):
            raise ValueError(
                f"layer {layer}, head {head} does not exist; layers are 0..{shape[0] - 1}, heads 0..{shape[1] - 1}"
            )
    rows = sweep.heads[["layer", "head", "statistic", "tokens_mean"]].itertuples(index=False)
    means = {(layer, head, statistic): float(mean) for layer, head, statistic, mean in rows}

    def metrics(layer: int, head: int) -> JsonObject:
        values = {name: means[layer, head, _FROM[name]] if name in _FROM else math.nan for name in METRICS}
        return {name: None if math.isnan(value) else round(value, DECIMALS) for name, value in values.items()}

    name = str(sweep.identity.model["name"])
    return Heads(
        name,
        shape,
        chosen,
        sweep.counts["windows"],
        lambda layer, head: _shown(head_page(sweep, layer, head).examples),
        metrics,
    ).save(folder)


def _shown(examples: Sequence[Example]) -> list[Shown]:
    """The texts of the examples, those of the best places first, each with the rows that were kept."""
    texts: dict[tuple[int, int], list[Example]] = {}
    for each in sorted(examples, key=lambda each: each.rank):
        place = (each.document, each.piece)
        if place in texts or len(texts) < _MOST:
            texts.setdefault(place, []).append(each)
    return [_text(rows) for rows in texts.values()]


def _text(rows: Sequence[Example]) -> Shown:
    cells: dict[int, float] = {}
    inner = 0.0
    for each in rows:
        known = np.nan_to_num(each.known)
        for key in np.argsort(-known, kind="stable")[:LARGEST].tolist():
            if known[key] >= THRESHOLD:
                cells[each.query * len(known) + key] = round(float(known[key]), DECIMALS)
        if each.query:
            inner = max(inner, float(known[1:].max(initial=0.0)))
    indices = sorted(cells)
    return Shown(rows[0].tokens, tuple(indices), tuple(cells[at] for at in indices), inner)
