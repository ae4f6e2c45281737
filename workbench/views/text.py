"""Text: the tokens coloured by attention, read like the text itself.

With a query: how much it attends to each token; the tokens behind it have no colour, because the mask hides them. With
a key: how much each token attends to it. One head, or the mean over the heads of a layer. The first token often takes
most of the attention of a head that has nothing to look for (the attention sink).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Scale, TokenStrip
from gemma2_workbench.tidy import tidy
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.views.reasons import words_of
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

MEAN = "mean"
COLUMNS = ("layer", "head", "stage", "shown", "query", "key", "query_token", "key_token", "value", "reason")


def table(
    trace: Trace, layer: int, head: int | None, stage: str, query: int | None, key: int | None, positions: range
) -> pd.DataFrame:
    """One row per shown token, which is a key of one query, or a query of one key.

    Args:
        trace: the run.
        layer: 0 .. L-1.
        head: 0 .. N-1, or None for the mean over the heads.
        stage: name of a stage.
        query: position whose row is shown; the last token, unless a key is given.
        key: position whose column is shown.
        positions: the tokens that are shown.

    Raises:
        ValueError: both a query and a key.
    """
    if query is not None and key is not None:
        raise ValueError(
            f"query={query} and key={key} name one cell; give the query alone for what it attends to, or the key alone "
            "for what attends to it"
        )
    shown = "queries" if key is not None else "keys"
    fixed = key if key is not None else len(trace.tokens) - 1 if query is None else query
    one = range(fixed, fixed + 1)
    rows, keys = (positions, one) if shown == "queries" else (one, positions)
    heads = range(trace.heads) if head is None else [head]
    maps_NQS = np.stack([trace.stage(layer, n, stage, rows, keys).double().numpy() for n in heads])
    cells = {"value": maps_NQS.mean(0).astype(np.float32), "reason": trace.reasons(layer, rows, keys).numpy()}
    frame = tidy(cells, {"query": rows, "key": keys})
    names = np.asarray(trace.tokens.display, dtype=object)
    frame = frame.assign(
        layer=layer,
        head=MEAN if head is None else head,
        stage=stage,
        shown=shown,
        query_token=names[frame["query"]],
        key_token=names[frame["key"]],
        reason=words_of(frame["reason"].to_numpy()),
    )
    return frame.reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> TokenStrip:
    """The tokens, each on the colour of its value, up to the largest of them."""
    first = frame.iloc[0]
    by_key = first["shown"] == "keys"
    values = frame["value"].to_numpy()
    mean = first["head"] == MEAN
    stage = STAGES[first["stage"]]
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    kind, low = ("diverging", -largest) if stage.signed else ("sequential", 0.0)
    scale = Scale(kind, low, largest, f"{'mean ' if mean else ''}{stage.label}", power=1 if stage.signed else 0.5)
    who = "mean over the heads" if mean else f"head {first['head']}"
    fixed = f"from query {first['query']} “{first['query_token']}”"
    if not by_key:
        fixed = f"to key {first['key']} “{first['key_token']}”"
    title = f"Layer {first['layer']}, {who}: {stage.label} {fixed}"
    return TokenStrip(tuple(frame["key_token" if by_key else "query_token"]), values, scale, title)


VIEW = View(
    name="text",
    title="Text",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("layer", "Layer", "layer", 0),
        Option("head", "Head", "head", None, none="mean over heads"),
        Option("stage", "Stage", "choice", "attn_probs", tuple(STAGES)),
        Option("query", "Query", "token", None, none="last query"),
        Option("key", "Key", "token", None),
        Option("positions", "Tokens", "range", None),
    ),
    make_table=table,
    figure=figure,
)
