"""Lens compared: from which layer on the change moves the prediction.

At each row of the residual stream and each shared position: log-probability of the token that comes next (before the
change), after minus before, in nats. Blue: the token has become less likely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Scale, TokenGrid
from gemma2_workbench.tidy import tidy
from gemma2_workbench.traces.pair import Pair
from gemma2_workbench.views.lens import streams
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("row", "stream", "position", "position_after", "token", "chosen_token", "before", "after", "difference"),
    *("top_before", "top_after"),
)


def table(pair: Pair, positions: range) -> pd.DataFrame:
    """One row per state of the residual stream and shared position; `before` and `after` are log-probabilities, nats.

    They are of one token, the one that the lens of each run follows there; where the two runs follow different ones
    (at the end of a text, or before a word that was changed) they are NaN.
    """
    from gemma2_workbench.traces.readers.lens import Lens

    lenses = [trace.reading("lens", Lens) for trace in (pair.before, pair.after)]
    chosen = pair.positions[positions.start : positions.stop]
    places = [[place[side] for place in chosen] for side in (0, 1)]
    logs = [(one.chosen_capped - one.log_sum)[:, at].double().numpy() for one, at in zip(lenses, places, strict=True)]
    followed = [one.chosen_ids[at] for one, at in zip(lenses, places, strict=True)]
    same_P = (followed[0] == followed[1]).numpy()
    cells = {name: np.where(same_P, log, np.nan) for name, log in zip(("before", "after"), logs, strict=True)}
    tops = {
        name: one.top_ids[:, at, 0].numpy()
        for name, one, at in zip(("top_before", "top_after"), lenses, places, strict=True)
    }
    frame = tidy(cells | tops, {"row": range(len(logs[0])), "at": range(len(chosen))})
    here, there = np.asarray(chosen).T
    names = lenses[0].names | lenses[1].names
    frame = frame.assign(
        stream=np.asarray(streams(pair.before), dtype=object)[frame["row"]],
        position=here[frame["at"]],
        position_after=there[frame["at"]],
        token=np.asarray(pair.before.tokens.display, dtype=object)[here[frame["at"]]],
        chosen_token=[names[id] for id in followed[0].numpy()[frame["at"]]],
        difference=frame["after"] - frame["before"],
        top_before=[names[id] for id in frame["top_before"]],
        top_after=[names[id] for id in frame["top_after"]],
    )
    return frame.reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> TokenGrid:
    """The grid of differences, with the top token after the change in the cells."""
    rows = frame.drop_duplicates("row")["stream"]
    columns = frame.drop_duplicates("position").set_index("position")["token"]
    shape = (len(rows), len(columns))
    values = frame["difference"].to_numpy(dtype=float).reshape(shape)
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    return TokenGrid(
        values=values,
        words=tuple(map(tuple, frame["top_after"].to_numpy().reshape(shape))),
        rows=tuple(rows),
        columns=tuple(columns),
        scale=Scale("diverging", -largest, largest, "log-probability of the next token, after − before (nats)"),
        word="top token after",
        column_start=int(columns.index[0]),
        title="Logit lens, after − before",
        x_label="position (the token that was just read)",
        y_label="residual stream",
    )


VIEW = View(
    name="lens_change",
    title="Lens compared",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(Option("positions", "Positions", "range", None),),
    make_table=table,
    figure=figure,
    needs=("lens",),
)
