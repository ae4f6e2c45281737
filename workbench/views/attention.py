"""Attention of one head: how much each query token attends to each key token.

Rows are queries, columns are keys; a row of probabilities sums to 1. The stage says which quantity is shown: the raw
logit q.k, the logit after the softcap, the same after the mask, the probability, or the contribution, which is the
length of what the key's value adds to the query's residual stream through this head. Hidden cells are hatched by the
reason for which the model's own mask hides them. Over several heads of the layer it is their mean, or the largest of
them in each cell. A learned sink, which some models have, takes its share of every row but is no token: it is the last
column of the probabilities of a head, called sink.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Scale, TokenMap
from gemma2_workbench.tidy import tidy
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.views.reasons import codes_of, words_of
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

HEAD = "head"  # one head, not several
OVER = (HEAD, "mean", "max")
SINK = "sink"
COLUMNS = ("layer", "head", "stage", "query", "key", "query_token", "key_token", "value", "reason")


def table(
    trace: Trace,
    layer: int,
    head: int,
    stage: str,
    rows: range,
    keys: range,
    over: str = HEAD,
    heads: tuple[int, ...] | None = None,
) -> pd.DataFrame:
    """One row per query and key of one head; where the mask hides it `value` is NaN and `reason` says why.

    Of the probabilities of a head with a learned sink, the last row of each query is the sink's, whose `key` is T.
    Over several heads, the column `head` says which, and of what kind the aggregate is.

    Raises:
        ValueError: heads are named and nothing is taken over them.
    """
    from gemma2_workbench.traces.over_heads import over_heads

    everyone = heads is None or len(heads) == trace.heads
    if over == HEAD and not everyone:
        raise ValueError("heads are what over=mean or over=max is taken over; give one of these, or head for one head")
    one = over == HEAD
    values = (
        trace.stage(layer, head, stage, rows, keys) if one else over_heads(trace, layer, heads, over, stage, rows, keys)
    )
    cells = {"value": values.numpy(), "reason": trace.reasons(layer, rows, keys).numpy()}
    columns = [*keys]
    if one and stage == "attn_probs" and trace.layers[layer].sinks is not None:
        sink_Q1 = trace.sink_share(layer, head, rows)[:, None].numpy()
        cells = {"value": np.hstack([cells["value"], sink_Q1]), "reason": np.pad(cells["reason"], ((0, 0), (0, 1)))}
        columns.append(len(trace.tokens))
    who = "all heads" if everyone else f"heads {', '.join(map(str, heads or ()))}"
    frame = tidy(cells, {"query": rows, "key": columns})
    names = np.asarray([*trace.tokens.display, SINK], dtype=object)
    frame = frame.assign(
        layer=layer,
        head=head if one else f"{over} of {who}",
        stage=stage,
        query_token=names[frame["query"]],
        key_token=names[frame["key"]],
        reason=words_of(frame["reason"].to_numpy()),
    )
    return frame.reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> TokenMap:
    """The map of one head as queries downward, keys to the right."""
    first = frame.iloc[0]
    stage = STAGES[first["stage"]]
    rows = frame.drop_duplicates("query").set_index("query")["query_token"]
    columns = frame.drop_duplicates("key").set_index("key")["key_token"]
    shape = (len(rows), len(columns))
    who = first["head"] if isinstance(first["head"], str) else f"head {first['head']}"
    values = frame["value"].to_numpy().reshape(shape)
    return TokenMap(
        values=values,
        reasons=codes_of(frame["reason"].to_numpy()).reshape(shape) if stage.masked else None,
        rows=tuple(rows),
        columns=tuple(columns),
        row_start=int(rows.index[0]),
        column_start=int(columns.index[0]),
        scale=scale_of(first["stage"], values),
        title=f"Layer {first['layer']}, {who}: {stage.label}",
    )


def scale_of(stage_name: str, values: np.ndarray) -> Scale:
    """Probabilities and contributions from 0 with a square-root scale, logits around 0 with both signs."""
    stage = STAGES[stage_name]
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    if stage.signed:
        return Scale("diverging", -largest, largest, stage.label)
    return Scale("sequential", 0.0, stage.high or largest, stage.label, power=0.5)


VIEW = View(
    name="attention",
    title="Attention map",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("layer", "Layer", "layer", 0),
        Option("head", "Head", "head", 0),
        Option("stage", "Stage", "choice", "attn_probs", tuple(STAGES)),
        Option("rows", "Queries", "range", None),
        Option("keys", "Keys", "range", None),
        Option("over", "Over", "choice", HEAD, OVER, late=True),
        Option("heads", "Heads", "heads", None, late=True),
    ),
    make_table=table,
    figure=figure,
)
