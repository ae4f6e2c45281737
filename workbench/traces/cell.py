"""One cell of an attention map and its whole story: the five stages as numbers and what happened between them.

Everything follows from the q, k and v that a trace keeps. T tokens, S keys.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from torch import nan_to_num

from gemma2_workbench.model.reason import Reason
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.traces.trace import Trace

_UNKNOWN = "not known of this model"
ROW_COLUMNS = ("query", "key", "key_token", "distance", "reason", *STAGES, "share", "rank")


@dataclass(frozen=True)
class Step:
    """One stage of a cell.

    Attributes:
        stage: its name in `traces.stages.STAGES`.
        value: the number at this stage; NaN where the mask leaves none.
        between: what happened since the stage before, in words.
    """

    stage: str
    value: float
    between: str


@dataclass(frozen=True)
class Cell:
    """Query `query` attending to key `key` in one head.

    Attributes:
        layer, head, query, key: where it is.
        reason: why the mask hides it (`Reason.VISIBLE` if it does not).
        steps: the five stages in order.
        share: of the lengths of all contributions of its row; NaN where hidden.
        rank: place of its probability among the visible keys of its row, 1 is the largest; None where hidden.
        visible: keys that the query sees.
        row: the query with all its keys, as `row_of` gives it.
    """

    layer: int
    head: int
    query: int
    key: int
    reason: Reason
    steps: tuple[Step, ...]
    share: float
    rank: int | None
    visible: int
    row: pd.DataFrame = field(repr=False, compare=False)


def row_of(trace: Trace, layer: int, head: int, query: int) -> pd.DataFrame:
    """One query and all its T keys: a row per key with the five stages, its share and its rank.

    `share` is the length of the key's contribution over the sum of these lengths in the row, `rank` is 1 for the
    largest probability; both are NaN where the mask hides the key, as is every stage that is not known of the layer.

    Raises:
        ValueError: a layer, head or query that the trace does not have.
    """
    rows = range(query, query + 1)
    reasons_S = trace.reasons(layer, rows)[0].numpy()
    keys_S = np.arange(len(trace.tokens))
    unknown_S = np.full(len(keys_S), np.nan)
    known = trace.known_stages(layer)
    stages = {
        name: trace.stage(layer, head, name, rows)[0].double().numpy() if name in known else unknown_S
        for name in STAGES
    }
    total = float(np.nansum(stages["contribution"])) or 1.0
    frame = pd.DataFrame(
        {
            "query": query,
            "key": keys_S,
            "key_token": trace.tokens.display,
            "distance": query - keys_S,
            "reason": reasons_S,
            **stages,
            "share": stages["contribution"] / total,
        }
    )
    # Equal probabilities keep the order of the text.
    frame["rank"] = frame["attn_probs"].rank(ascending=False, method="first")
    return frame.reindex(columns=list(ROW_COLUMNS))


def inspect_cell(trace: Trace, layer: int, head: int, query: int, key: int) -> Cell:
    """The story of one cell: its number at each stage, and what the cap, the mask and the softmax did to it.

    Raises:
        ValueError: a layer, head, query or key that the trace does not have.
    """
    row = row_of(trace, layer, head, query)
    if not 0 <= key < len(row):
        raise ValueError(f"key {key} does not exist; allowed: 0..{len(row) - 1}")
    at: dict[str, Any] = row.iloc[key].to_dict()
    reason = Reason(int(at["reason"]))
    visible = int(np.count_nonzero(row["reason"].to_numpy() == Reason.VISIBLE))
    rank = int(at["rank"]) if reason == Reason.VISIBLE else None
    info = trace.layers[layer]
    lengths_S = trace.tensors[layer].value_norms[head] if "contribution" in trace.known_stages(layer) else None
    sentences = (
        f"q . k = {at['attn_logits'] / info.scale:.4g}, times {info.scale:.4g}",
        _capped(info, at["attn_logits"], at["attn_scores"]),
        _masked(info, reason, query - key),
        "a hidden key gets no probability"
        if rank is None
        else f"softmax over the {_keys(visible)} this query sees: rank {rank} of {visible}",
        "a hidden key contributes nothing"
        if rank is None
        else f"times the length {lengths_S[key].item():.4g} of W_O v: {at['share']:.1%} of its row"
        if lengths_S is not None
        else _UNKNOWN,
    )
    known = trace.known_stages(layer)
    steps = tuple(
        Step(name, float(at[name]), words if name in known else _UNKNOWN)
        for name, words in zip(STAGES, sentences, strict=True)
    )
    return Cell(layer, head, query, key, reason, steps, float(at["share"]), rank, visible, row)


def strongest_key(trace: Trace, layer: int, head: int, query: int) -> int:
    """The key to which `query` attends most.

    Raises:
        ValueError: a layer, head or query that the trace does not have.
    """
    probs_S = trace.stage(layer, head, "attn_probs", range(query, query + 1))[0]
    return int(nan_to_num(probs_S).argmax())


def around(position: int, tokens: int, side: int) -> range:
    """At most `side` positions with `position` in their middle, moved inside a text of `tokens` tokens."""
    start = max(0, min(position - side // 2, tokens - side))
    return range(start, min(start + side, tokens))


def _capped(info: LayerInfo, logit: float, score: float) -> str:
    if info.softcap is None:
        return "this layer has no softcap"
    lost = abs(logit) - abs(score)
    if lost < 1e-6 * abs(logit):
        return f"the cap c = {info.softcap:g} took less than a millionth off"
    where = f"took {lost:.4g} off" if logit >= 0 else f"brought it {lost:.4g} closer to 0"
    return f"the cap c = {info.softcap:g} {where}"


def _masked(info: LayerInfo, reason: Reason, distance: int) -> str:
    if reason == Reason.FUTURE:
        return f"hidden: future, {_tokens(-distance)} later"
    if reason == Reason.OUTSIDE_WINDOW:
        return f"hidden: outside window, {_where(distance)} and the window {_reach(info)}"
    if reason != Reason.VISIBLE:
        return f"hidden: {reason.name.lower().replace('_', ' ')}"
    return f"visible: {_where(distance)}" + (f", the window {_reach(info)}" if info.window else "")


def _where(distance: int) -> str:
    if not distance:
        return "the token itself"
    return f"{_tokens(distance)} back" if distance > 0 else f"{_tokens(-distance)} ahead"


def _reach(info: LayerInfo) -> str:
    """A causal window counts the query itself; one of both sides says how far it reaches on each."""
    return f"holds {info.window}" if info.causal else f"reaches {info.window} each way"


def _tokens(count: int) -> str:
    return "1 token" if count == 1 else f"{count} tokens"


def _keys(count: int) -> str:
    return "1 key" if count == 1 else f"{count} keys"
