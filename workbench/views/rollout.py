"""Attention rollout: how much of each input token can have come to each query through all layers up to one.

In every layer the mean over the heads and the residual stream count half each, 0.5 A + 0.5 I, rows renormalised, and
the layers are multiplied (Abnar and Zuidema 2020, arXiv 2005.00928). Rows sum to 1. It ignores values and MLPs, and
takes for granted that all heads, and attention and residual stream, weigh the same: it shows where information can have
come from, not what was used; what a part does is measured by switching it off or patching it. Hatched cells are those
that no path reaches, through windows one behind the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Scale, TokenMap
from gemma2_workbench.tidy import tidy
from gemma2_workbench.views.reasons import codes_of, words_of
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

COLUMNS = ("layer", "query", "key", "query_token", "key_token", "value", "reason")


def table(trace: Trace, layer: int | None, rows: range, keys: range) -> pd.DataFrame:
    """One row per query and key; where no path reaches it `value` is NaN and `reason` says why."""
    from gemma2_workbench.traces.rollout import rollout, unreached

    last = len(trace.layers) - 1 if layer is None else layer
    cells = {
        "value": rollout(trace, last, rows)[:, keys.start : keys.stop].numpy(),
        "reason": unreached(trace, last, rows, keys).numpy(),
    }
    frame = tidy(cells, {"query": rows, "key": keys})
    names = np.asarray(trace.tokens.display, dtype=object)
    frame = frame.assign(
        layer=last,
        query_token=names[frame["query"]],
        key_token=names[frame["key"]],
        reason=words_of(frame["reason"].to_numpy()),
    )
    return frame.reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> TokenMap:
    """Queries downward, input tokens to the right."""
    rows = frame.drop_duplicates("query").set_index("query")["query_token"]
    columns = frame.drop_duplicates("key").set_index("key")["key_token"]
    shape = (len(rows), len(columns))
    return TokenMap(
        values=frame["value"].to_numpy().reshape(shape),
        reasons=codes_of(frame["reason"].to_numpy()).reshape(shape),
        rows=tuple(rows),
        columns=tuple(columns),
        row_start=int(rows.index[0]),
        column_start=int(columns.index[0]),
        scale=Scale("sequential", 0.0, 1.0, "attention rollout (share)", power=0.5),
        title=f"Attention rollout up to layer {frame['layer'].iloc[0]}",
        x_label="input token",
    )


VIEW = View(
    name="rollout",
    title="Attention rollout",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("layer", "Layer", "layer", None, none="all layers"),
        Option("rows", "Queries", "range", None),
        Option("keys", "Keys", "range", None),
    ),
    make_table=table,
    figure=figure,
)
