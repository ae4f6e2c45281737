"""Difference of two maps: where a head attends more (red) or less (blue) after the change.

Rows are queries, columns are keys, of the tokens that both runs share. A cell that only one of the two masks hides has
no difference: it is marked as hidden before, or hidden after, the change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Panels, Scale, TokenMap
from gemma2_workbench.tidy import tidy
from gemma2_workbench.traces.pair import HIDDEN_AFTER, HIDDEN_BEFORE, Pair
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.views.attention import scale_of
from gemma2_workbench.views.reasons import WORDS
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

STATES = (*WORDS, "hidden_before", "hidden_after")
COLUMNS = (
    *("layer", "head", "stage", "query", "key", "query_after", "key_after", "query_token", "key_token"),
    *("before", "after", "difference", "state"),
)


def table(pair: Pair, layer: int, head: int, stage: str, rows: range, keys: range) -> pd.DataFrame:
    """One row per query and key that both texts have; `query` and `key` are positions before.

    `before` and `after` are NaN where the mask of that run hides the cell, `difference` where either does.
    """
    before, after, states = pair.cells(layer, head, stage, rows, keys)
    cells = {"before": before.numpy(), "after": after.numpy(), "state": states.numpy()}
    frame = tidy(cells, {"row": rows, "column": keys})
    here, there = np.asarray(pair.positions).T
    names = np.asarray(pair.before.tokens.display, dtype=object)
    frame = frame.assign(
        layer=layer,
        head=head,
        stage=stage,
        query=here[frame["row"]],
        key=here[frame["column"]],
        query_after=there[frame["row"]],
        key_after=there[frame["column"]],
        difference=frame["after"] - frame["before"],
        state=np.asarray(STATES, dtype=object)[frame["state"]],
    )
    frame = frame.assign(query_token=names[frame["query"]], key_token=names[frame["key"]])
    return frame.reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> Panels:
    """The head before, after, and as signed difference."""
    first = frame.iloc[0]
    stage = STAGES[first["stage"]]
    largest = float(np.nanmax(np.abs(frame["difference"]), initial=0.0)) or 1.0
    both = np.concatenate([frame["before"].to_numpy(), frame["after"].to_numpy()])
    scale = scale_of(first["stage"], both)
    panels = (
        _map(frame, "before", scale, "Before", HIDDEN_BEFORE),
        _map(frame, "after", scale, "After", HIDDEN_AFTER),
        _map(frame, "difference", Scale("diverging", -largest, largest, "after − before"), "Difference", None),
    )
    return Panels(panels, columns=3, title=f"Layer {first['layer']}, head {first['head']}: {stage.label}")


def _map(frame: pd.DataFrame, column: str, scale: Scale, title: str, side: int | None) -> TokenMap:
    """One panel; `side` is the state in which its own mask hides the cell, None for the difference."""
    rows = frame.drop_duplicates("query").set_index("query")["query_token"]
    columns = frame.drop_duplicates("key").set_index("key")["key_token"]
    shape = (len(rows), len(columns))
    codes = np.asarray([STATES.index(state) for state in frame["state"]], np.int8)
    if side is not None:
        codes = np.where(codes == HIDDEN_BEFORE + HIDDEN_AFTER - side, 0, codes).astype(np.int8)
    # Tokens that two texts share need not follow one another: then they are counted, not located.
    whole = all((np.diff(place) == 1).all() for place in (rows.index, columns.index))
    which = "" if whole else ", shared tokens"
    return TokenMap(
        values=frame[column].to_numpy().reshape(shape),
        reasons=codes.reshape(shape),
        rows=tuple(rows),
        columns=tuple(columns),
        row_start=int(rows.index[0]) if whole else 0,
        column_start=int(columns.index[0]) if whole else 0,
        x_label=f"key (attended to){which}",
        y_label=f"query (attends){which}",
        scale=scale,
        title=title,
    )


VIEW = View(
    name="difference",
    title="Difference of maps",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("layer", "Layer", "layer", 0),
        Option("head", "Head", "head", 0),
        Option("stage", "Stage", "choice", "attn_probs", tuple(STAGES)),
        Option("rows", "Queries", "range", None),
        Option("keys", "Keys", "range", None),
    ),
    make_table=table,
    figure=figure,
)
