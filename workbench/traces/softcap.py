"""What the softcap does to the heads of one run, from the trace alone: logits before and after, and KL between rows.

Letters: Q query rows of a block, S keys, T tokens, L layers, N heads, k sampled cells, b bins of a density.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.brief import by_fields
from gemma2_workbench.model.equation import BLOCK_ROWS, blocks
from gemma2_workbench.traces.trace import Trace

BINS = 60
DOTS = 2000


@dataclass(frozen=True)
class Extent:
    """The visible cells of one head: how many, the lowest and highest logit before or after the cap, largest |raw|."""

    cells: int
    low: float
    high: float
    largest: float


@dataclass(frozen=True, eq=False)
class HeadLogits:
    """The visible logits of one head before and after the softcap.

    Attributes:
        layer, head: whose logits.
        softcap: the cap c in s = c tanh(a / c); None is off.
        extent: over all visible cells.
        query, key: positions of k sampled cells, int64 [k]; all cells where there are few.
        logit, score: their raw logit a and capped logit s, float32 [k].
        edges: bin edges of the densities, float64 [b + 1].
        raw_count, capped_count: visible cells per bin before and after the cap, all of them, int64 [b].
        divergence: KL of `row_divergence` for each query, nats, float64 [T].
    """

    layer: int
    head: int
    softcap: float | None
    extent: Extent
    query: np.ndarray
    key: np.ndarray
    logit: np.ndarray
    score: np.ndarray
    edges: np.ndarray
    raw_count: np.ndarray
    capped_count: np.ndarray
    divergence: np.ndarray

    def __repr__(self) -> str:
        return by_fields(self)


def head_logits(trace: Trace, layer: int, head: int, dots: int = DOTS, bins: int = BINS) -> HeadLogits:
    """The logits of one head: `dots` sampled cells, the density of all cells, KL of every row; at any length.

    Raises:
        ValueError: a layer or head that the trace does not have.
    """
    extent = _extent(trace, layer, head)
    wanted = evenly(extent.cells, dots)
    margin = 0.0 if extent.high > extent.low else 0.5
    edges = np.linspace(extent.low - margin, extent.high + margin, bins + 1)
    counts = np.zeros((2, bins), dtype=np.int64)
    samples: list[np.ndarray] = []
    divergence: list[Tensor] = []
    seen = 0
    for rows, keys, raw_QS, capped_QS in visible_blocks(trace, layer, head):
        divergence.append(row_divergence(raw_QS, capped_QS))
        query, key = torch.nonzero(capped_QS.isfinite(), as_tuple=True)
        values_2n = torch.stack([raw_QS[query, key], capped_QS[query, key]]).numpy()
        for count, values in zip(counts, values_2n, strict=True):
            count += np.histogram(values, edges)[0]
        own = wanted[(wanted >= seen) & (wanted < seen + len(query))] - seen
        places = np.stack([query[own].numpy() + rows.start, key[own].numpy() + keys.start])
        samples.append(np.concatenate([places, values_2n[:, own]]))
        seen += len(query)
    # Positions are far below 2^53, so that they survive the one array of float64.
    query, key, logit, score = np.concatenate(samples, axis=1)
    return HeadLogits(
        layer=layer,
        head=head,
        softcap=trace.layers[layer].softcap,
        extent=extent,
        query=query.astype(np.int64),
        key=key.astype(np.int64),
        logit=logit.astype(np.float32),
        score=score.astype(np.float32),
        edges=edges,
        raw_count=counts[0],
        capped_count=counts[1],
        divergence=torch.cat(divergence).numpy(),
    )


def row_divergence(raw_QS: Tensor, capped_QS: Tensor) -> Tensor:
    """KL(p || u) of each row in nats, float64 [Q]: p = softmax(capped logits), u = softmax(raw logits).

    It says how far the cap moved the attention of a query. `capped_QS` is NaN where the mask hides the cell.
    """
    hidden_QS = capped_QS.isnan()
    log_p_QS = capped_QS.double().masked_fill(hidden_QS, -torch.inf).log_softmax(-1)
    log_u_QS = raw_QS.double().masked_fill(hidden_QS, -torch.inf).log_softmax(-1)
    terms_QS = log_p_QS.exp() * (log_p_QS - log_u_QS)
    return terms_QS.masked_fill(hidden_QS, 0).sum(-1).clamp(min=0)


def mean_divergences(trace: Trace) -> np.ndarray:
    """Mean of `row_divergence` over the queries for every head, nats, float64 [L, N]."""
    means_LN = np.zeros((len(trace.layers), trace.heads))
    for layer, info in enumerate(trace.layers):
        for head in range(trace.heads if info.softcap is not None else 0):
            rows = [row_divergence(raw, capped) for _, _, raw, capped in visible_blocks(trace, layer, head)]
            means_LN[layer, head] = torch.cat(rows).mean()
    return means_LN


def visible_blocks(trace: Trace, layer: int, head: int) -> Iterator[tuple[range, range, Tensor, Tensor]]:
    """Blocks of one head that hold its visible cells: rows, keys, raw logits and capped logits, float32 [Q, S].

    The capped logits are NaN where the mask hides the cell; keys that no row of a block sees are left out.
    """
    mask, tokens = trace.layers[layer].mask, range(len(trace.tokens))
    for rows in blocks(tokens, BLOCK_ROWS):
        keys = mask.reach(rows, tokens)
        raw_QS = trace.stage(layer, head, "attn_logits", rows, keys)
        yield rows, keys, raw_QS, trace.stage(layer, head, "attn_masked", rows, keys)


def evenly(cells: int, most: int) -> np.ndarray:
    """Numbers of at most `most` of `cells` cells, int64 and ascending: one of each equal part, all where they fit.

    Which one of a part is random with a fixed seed: equal steps could fall in step with the width of a window.
    """
    if cells <= most:
        return np.arange(cells)
    ends = np.arange(most + 1) * cells // most
    return np.random.default_rng(0).integers(ends[:-1], ends[1:])


def _extent(trace: Trace, layer: int, head: int) -> Extent:
    cells, low, high, largest = 0, np.inf, -np.inf, 0.0
    for _, _, raw_QS, capped_QS in visible_blocks(trace, layer, head):
        visible_QS = capped_QS.isfinite()
        both_2n = torch.stack([raw_QS[visible_QS], capped_QS[visible_QS]])
        cells += both_2n.shape[1]
        low, high = min(low, float(both_2n.min())), max(high, float(both_2n.max()))
        largest = max(largest, float(both_2n[0].abs().max()))
    return Extent(cells, low, high, largest)
