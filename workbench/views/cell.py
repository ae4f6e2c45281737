"""Cell: one query and key of one head at all five stages, in the middle of its surroundings.

Raw logit: a_ij = q_i . k_j / sqrt(query_pre_attn_scalar), how well query i and key j match. After softcap:
s_ij = c tanh(a_ij / c), so that no score exceeds the cap c. After mask: the scores that query i may see; the others are
hatched by the reason that hides them. Probability: p_ij = exp(s_ij) / sum over visible k of exp(s_ik). Contribution:
|| p_ij W_O v_j ||, the length of what this key writes into the query's residual stream through this head, before the
post-attention norm; its share is of the sum of these lengths over the row. Lengths do not cancel, vectors do: large
contributions of two keys may point against each other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Panels
from gemma2_workbench.traces.stages import STAGES
from gemma2_workbench.views import attention
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

SIDE = 17
COLUMNS = (*attention.COLUMNS, "share", "chosen")


def table(trace: Trace, layer: int, head: int, query: int | None, key: int | None) -> pd.DataFrame:
    """One row per stage, query and key of the surroundings; `chosen` marks the cell, one row per stage.

    `share` is the cell's part of the contributions of its whole row and NaN at the other stages. Without a query it
    is the last token, without a key the one that this query attends to most.
    """
    import pandas as pd

    from gemma2_workbench.traces.cell import around, strongest_key

    tokens = len(trace.tokens)
    query = tokens - 1 if query is None else query
    key = strongest_key(trace, layer, head, query) if key is None else key
    rows, keys = around(query, tokens, SIDE), around(key, tokens, SIDE)
    parts = [attention.table(trace, layer, head, stage, rows, keys) for stage in STAGES]
    total_Q = np.nansum(trace.stage(layer, head, "contribution", rows).double().numpy(), axis=1)
    frame = pd.concat(parts, ignore_index=True)
    share = frame["value"] / np.where(total_Q > 0, total_Q, 1.0)[frame["query"] - rows.start]
    frame["share"] = share.where(frame["stage"] == "contribution")
    frame["chosen"] = (frame["query"] == query) & (frame["key"] == key)
    return frame.reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> Panels:
    """The five maps around the cell, each with the cell's number in its title."""
    chosen = frame.loc[frame["chosen"]].set_index("stage")
    first = chosen.iloc[0]
    maps = tuple(attention.figure(frame.loc[frame["stage"] == stage]) for stage in STAGES)
    where = (
        f"Layer {first['layer']}, head {first['head']}: query {first['query']} {first['query_token']} "
        f"and key {first['key']} {first['key_token']}"
    )
    mark = (int(first["query"]), int(first["key"]))
    numbers = chosen["value"]
    titled = tuple(
        replace(plain, title=f"{_number(numbers[name])} {STAGES[name].label}", mark=mark)
        for name, plain in zip(STAGES, maps, strict=True)
    )
    return Panels(titled, columns=3, title=where)


def _number(value: float) -> str:
    return "hidden" if np.isnan(value) else f"{value:.4g}"


VIEW = View(
    name="cell",
    title="Cell inspector",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("layer", "Layer", "layer", 0),
        Option("head", "Head", "head", 0),
        Option("query", "Query", "token", None, none="last query"),
        Option("key", "Key", "token", None, none="strongest key"),
    ),
    make_table=table,
    figure=figure,
)
