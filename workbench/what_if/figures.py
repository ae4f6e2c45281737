"""Tables and figures of what another cap changes: maps of a head, next tokens, final logits, before and after."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from gemma2_workbench.figures.spec import Curve, Panels, Scale, Scatter, Series, TokenMap
from gemma2_workbench.models.tokens import shown
from gemma2_workbench.tidy import tidy
from gemma2_workbench.traces.softcap import evenly
from gemma2_workbench.traces.trace import Trace
from gemma2_workbench.views.softcap_curve import curve, guides
from gemma2_workbench.what_if.softcap import Shift

MAP_COLUMNS = ("layer", "head", "query", "key", "query_token", "key_token", "before", "after", "difference", "reason")
FINAL_COLUMNS = ("id", "token", "logit", "before", "after", "p_before", "p_after")
TOP = 10
DOTS = 1000


def map_table(before: Trace, after: Trace, layer: int, head: int, rows: range | None = None) -> pd.DataFrame:
    """One row per query and key of one head: probability before and after, and after - before; NaN where hidden.

    Args:
        before, after: traces of one text.
        layer, head: which head.
        rows: queries and keys to show, default all.

    Raises:
        ValueError: a layer, head or range that the traces do not have.
    """
    part = range(len(before.tokens)) if rows is None else rows
    old_QS, new_QS = (trace.stage(layer, head, "attn_probs", part, part).numpy() for trace in (before, after))
    cells = {"before": old_QS, "after": new_QS, "difference": new_QS - old_QS}
    cells["reason"] = before.reasons(layer, part, part).numpy()
    frame = tidy(cells, {"query": part, "key": part})
    names = np.asarray(before.tokens.display, dtype=object)
    frame = frame.assign(layer=layer, head=head, query_token=names[frame["query"]], key_token=names[frame["key"]])
    return frame.reindex(columns=list(MAP_COLUMNS))


def map_figure(frame: pd.DataFrame, change: str) -> Panels:
    """The head before, after and as signed difference. `change` says in words what was changed."""
    first = frame.iloc[0]
    largest = float(np.nanmax(np.abs(frame["difference"]), initial=0.0)) or 1.0
    probability = Scale("sequential", 0.0, 1.0, "probability", power=0.5)
    figures = (
        _map(frame, "before", probability, "Before: the model as it is"),
        _map(frame, "after", probability, f"After: {change}"),
        _map(frame, "difference", Scale("diverging", -largest, largest, "after − before"), "Difference"),
    )
    return Panels(figures, columns=3, title=f"Layer {first['layer']}, head {first['head']}: {change}, modified model")


def token_table(shift: Shift, tokenizer: Any, count: int = TOP) -> pd.DataFrame:
    """The likeliest next tokens, `count` before and `count` after the change, likeliest first; columns FINAL_COLUMNS.

    `logit` is the raw final logit after the change; `before` and `after` are the logits after the final softcap.
    """
    tops = [prediction.capped.topk(min(count, len(prediction.capped))) for prediction in (shift.before, shift.after)]
    ids = torch.cat([top.indices for top in tops]).unique()
    frame = _tokens(shift, tokenizer, ids)
    return frame.sort_values(["p_before", "p_after"], ascending=False, ignore_index=True)


def final_table(shift: Shift, tokenizer: Any, dots: int = DOTS) -> pd.DataFrame:
    """Final logits of tokens evenly sampled by rank, the likeliest first and always among them; FINAL_COLUMNS."""
    order = shift.after.logits.argsort(descending=True, stable=True)
    ranks = evenly(len(order), dots)
    ranks[0] = 0
    return _tokens(shift, tokenizer, order[torch.from_numpy(ranks)])


def final_figure(frame: pd.DataFrame, cap: float | None, vocabulary: int) -> Scatter:
    """The final logits on the curve of their softcap after the change, one dot per token.

    Args:
        frame: what `final_table` returns.
        cap: the final softcap, None is off.
        vocabulary: how many tokens there are.
    """
    x = frame["logit"].to_numpy()
    return Scatter(
        x=x,
        y=frame["after"].to_numpy(),
        x_label="raw final logit",
        y_label="capped final logit",
        labels=tuple(f"{token} ({id})" for token, id in zip(frame["token"], frame["id"], strict=True)),
        curve=curve(cap, x),
        title=f"{len(frame):,} of {vocabulary:,} tokens of the vocabulary",
        guides=guides(cap, x),
    )


def final_density(shift: Shift, bins: int = 60) -> Curve:
    """How the final logits of the whole vocabulary lie before and after their cap, as changed."""
    raw, capped = shift.after.logits.numpy(), shift.after.capped.numpy()
    edges = np.histogram_bin_edges(np.concatenate([raw, capped]), bins)
    middles = (edges[1:] + edges[:-1]) / 2
    series = [
        Series(name, middles, 100 * np.histogram(values, edges)[0] / len(values))
        for name, values in (("before the cap", raw), ("after the cap", capped))
    ]
    title = f"Density of all {len(raw):,} tokens"
    return Curve(tuple(series), "final logit", "tokens (% per bin)", title)


def _tokens(shift: Shift, tokenizer: Any, ids: Tensor) -> pd.DataFrame:
    """The columns FINAL_COLUMNS for some token ids."""
    numbers = ids.tolist()
    pieces = tokenizer.convert_ids_to_tokens(numbers)
    columns = {
        # A vocabulary may be padded beyond what the tokenizer knows.
        "token": [shown(piece) if piece else f"<id {id}>" for piece, id in zip(pieces, numbers, strict=True)],
        "logit": shift.after.logits[ids].double().numpy(),
        "before": shift.before.capped[ids].double().numpy(),
        "after": shift.after.capped[ids].double().numpy(),
        "p_before": shift.before.log_probs[ids].double().exp().numpy(),
        "p_after": shift.after.log_probs[ids].double().exp().numpy(),
    }
    return pd.DataFrame({"id": numbers, **columns}).reindex(columns=list(FINAL_COLUMNS))


def _map(frame: pd.DataFrame, column: str, scale: Scale, title: str) -> TokenMap:
    rows = frame.drop_duplicates("query").set_index("query")["query_token"]
    columns = frame.drop_duplicates("key").set_index("key")["key_token"]
    shape = (len(rows), len(columns))
    return TokenMap(
        values=frame[column].to_numpy().reshape(shape),
        reasons=frame["reason"].to_numpy().reshape(shape),
        rows=tuple(rows),
        columns=tuple(columns),
        row_start=int(rows.index[0]),
        column_start=int(columns.index[0]),
        scale=scale,
        title=title,
    )
