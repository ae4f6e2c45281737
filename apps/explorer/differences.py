"""How far two runs are apart, in the numbers that the page shows: next tokens, logits, attention of every head."""

from math import isfinite

import torch
from pydantic import JsonValue

from gemma2_workbench import Pair, Prediction, Trace
from gemma2_workbench.apps.explorer.run import expected

# Both maps of every head are derived once, about 100 million cells a second.
MAX_CELLS = 64 * 1024 * 1024
FORECAST = 4  # likeliest tokens after, beside the likeliest before


def largest_differences(pair: Pair) -> JsonValue:
    """Largest |d| of the probabilities of each head [L][N], where both masks show the cell; None for too long a text.

    Layers with the same queries, keys and mask in both runs are not derived: nothing changed in them.
    """
    layers, places = pair.before.layers, range(len(pair.positions))
    moved = [layer for layer in range(len(layers)) if not _same_attention(pair, layer)]
    if len(moved) * pair.before.heads * len(places) ** 2 > MAX_CELLS:
        return None
    heads = range(pair.before.heads)
    return [[_largest(pair, layer, head) if layer in moved else 0.0 for head in heads] for layer in range(len(layers))]


def _largest(pair: Pair, layer: int, head: int) -> float:
    places = range(len(pair.positions))
    before, after, states = pair.cells(layer, head, "attn_probs", places, places)
    apart = (after - before).abs()[states == 0]
    return float(apart.max()) if apart.numel() else 0.0


def _same_attention(pair: Pair, layer: int) -> bool:
    if not pair.same_text or pair.before.layers[layer] != pair.after.layers[layer]:
        return False
    before, after = (trace.tensors[layer] for trace in (pair.before, pair.after))
    return torch.equal(before.q, after.q) and torch.equal(before.k, after.k)


def forecast(pair: Pair) -> JsonValue:
    """The likeliest token before, then the likeliest after, with both probabilities; None without predictions."""
    before, after = prediction_of(pair.before), prediction_of(pair.after)
    if before is None or after is None:
        return None
    names = dict(before.pieces) | dict(after.pieces)
    first = int(before.capped.argmax())
    now, was = after.log_probs.exp(), before.log_probs.exp()
    ids = [first, *(token for token in now.topk(FORECAST + 1).indices.tolist() if token != first)][: FORECAST + 1]
    return [expected(names[token], now[token].item()) | {"was": was[token].item(), "id": token} for token in ids]


def logits_changed(pair: Pair) -> JsonValue:
    """How many logits after the text differ, of how many, and by how much; None without predictions."""
    before, after = prediction_of(pair.before), prediction_of(pair.after)
    if before is None or after is None:
        return None
    apart = (after.capped - before.capped).abs()
    return {"changed": int((apart != 0).sum()), "of": apart.numel(), "largest": float(apart.max())}


def divergence(pair: Pair) -> float | None:
    """KL(before || after) of the next token in nats; None without predictions, or where it is infinite."""
    nats = pair.divergence
    return nats if nats is not None and isfinite(nats) else None


def prediction_of(trace: Trace) -> Prediction | None:
    """The prediction that a trace was read with."""
    reading = trace.readings.get("prediction")
    return reading if isinstance(reading, Prediction) else None
