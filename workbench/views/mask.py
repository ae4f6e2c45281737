"""Mask of a layer: which keys each query may see, and for every hidden cell why.

Query i sees key j if j is not later than i; in a local (sliding) layer only if i - j < window as well, which is the
query itself and window - 1 earlier tokens. A bidirectional model (`is_causal=False`, a token classifier) sees later
keys too, in a local layer those with |i - j| <= window. Local and global layers alternate, so what a local layer cannot
see directly reaches it through the layers below. This is the mask that the model used for this text, not a drawing of
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Scale, TokenMap
from gemma2_workbench.model.reason import Reason
from gemma2_workbench.tidy import tidy
from gemma2_workbench.views.reasons import codes_of, words_of
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

COLUMNS = ("layer", "kind", "window", "query", "key", "query_token", "key_token", "visible", "reason")


def table(trace: Trace, layer: int, rows: range, keys: range) -> pd.DataFrame:
    """One row per query and key: whether it is visible, and the `model.Reason` in lower case if not."""
    reasons = trace.reasons(layer, rows, keys).numpy()
    frame = tidy({"reason": reasons}, {"query": rows, "key": keys})
    info = trace.layers[layer]
    names = np.asarray(trace.tokens.display, dtype=object)
    frame = frame.assign(
        layer=layer,
        kind=info.kind,
        window=info.window or len(trace.tokens),
        query_token=names[frame["query"]],
        key_token=names[frame["key"]],
        visible=frame["reason"] == Reason.VISIBLE,
        reason=words_of(frame["reason"].to_numpy()),
    )
    return frame.reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> TokenMap:
    """Visible cells filled, hidden cells hatched by reason."""
    first = frame.iloc[0]
    rows = frame.drop_duplicates("query")["query_token"]
    columns = frame.drop_duplicates("key")["key_token"]
    shape = (len(rows), len(columns))
    kind = f"local, window {first['window']}" if first["kind"] == "local" else first["kind"]
    return TokenMap(
        values=np.where(frame["visible"].to_numpy(), 1.0, np.nan).reshape(shape),
        reasons=codes_of(frame["reason"].to_numpy()).reshape(shape),
        rows=tuple(rows),
        columns=tuple(columns),
        row_start=int(first["query"]),
        column_start=int(first["key"]),
        scale=Scale("categorical", 1.0, 1.0, "mask", names=("visible",)),
        title=f"Mask of layer {first['layer']} ({kind})",
    )


VIEW = View(
    name="mask",
    title="Mask",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("layer", "Layer", "layer", 0),
        Option("rows", "Queries", "range", None),
        Option("keys", "Keys", "range", None),
    ),
    make_table=table,
    figure=figure,
    needs=(),
)
