"""Logit lens: what the model would predict if it stopped here, at every layer and position.

Each row is one state of the residual stream: the embeddings, then what each layer leaves behind. It goes through the
model's own final norm exactly once, then through the unembedding: logits before the cap. The final softcap bends them,
c tanh(x / c), and their softmax is the distribution that the cell shows, by its top token and that token's probability,
by its entropy (nats), or by the rank and probability of a chosen token. The chosen token is the one that really comes
next in the text (after the last token: what the model finds most probable), or one that you type. The last row is the
model's own prediction. Rank 1 is the most probable token. L and G mark local and global layers.

Early rows were never trained to be read this way: that a token shows up late does not mean that the layers before
know nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Scale, TokenGrid
from gemma2_workbench.figures.ticks import cell_text
from gemma2_workbench.tidy import tidy
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

METRICS = {
    "probability": "probability of the top token",
    "entropy": "entropy (nats)",
    "rank": "1 / rank of the chosen token",
    "chosen_probability": "probability of the chosen token",
}
COLUMNS = (
    *("row", "stream", "position", "token", "metric", "value", "top_token", "top_probability", "top_logit"),
    *("top_logit_capped", "entropy", "chosen_token", "chosen_probability", "chosen_logit", "chosen_logit_capped"),
    "chosen_rank",
)


def streams(trace: Trace) -> tuple[str, ...]:
    """The names of the R rows: the embeddings, then the stream after each layer with the letter of its kind."""
    return ("embeddings", *(f"after {layer.index} {layer.kind[0].upper()}" for layer in trace.layers))


def table(trace: Trace, metric: str, positions: range) -> pd.DataFrame:
    """One row per state of the residual stream and position; `value` is the metric that the figure shows."""
    from gemma2_workbench.traces.readers.lens import Lens

    lens = trace.reading("lens", Lens)
    part = slice(positions.start, positions.stop)
    numbers = {
        "top_probability": lens.top_probs[:, part, 0],
        "top_logit": lens.top_logits[:, part, 0],
        "top_logit_capped": lens.top_capped[:, part, 0],
        "entropy": lens.entropy[:, part],
        "chosen_probability": lens.chosen_probs[:, part],
        "chosen_logit": lens.chosen_logits[:, part],
        "chosen_logit_capped": lens.chosen_capped[:, part],
        "chosen_rank": lens.chosen_ranks[:, part],
        "top_token": lens.top_ids[:, part, 0],
    }
    rows = range(len(lens.top_ids))
    frame = tidy({name: values.numpy() for name, values in numbers.items()}, {"row": rows, "position": positions})
    followed = [lens.names[token] for token in lens.chosen_ids[part].tolist()]
    frame = frame.assign(
        stream=np.asarray(streams(trace), dtype=object)[frame["row"]],
        token=np.asarray(trace.tokens.display, dtype=object)[frame["position"]],
        top_token=[lens.names[token] for token in frame["top_token"]],
        chosen_token=np.tile(np.asarray(followed, dtype=object), len(rows)),
        metric=metric,
        value=_values(frame, metric),
    )
    return frame.reindex(columns=list(COLUMNS))


def _values(frame: pd.DataFrame, metric: str) -> np.ndarray:
    if metric == "rank":
        return 1.0 / frame["chosen_rank"].to_numpy()
    return frame["top_probability" if metric == "probability" else metric].to_numpy()


def figure(frame: pd.DataFrame) -> TokenGrid:
    """The grid: cells coloured by the metric, with the top token or the number in them."""
    metric = frame["metric"].iloc[0]
    rows = frame.drop_duplicates("row")["stream"]
    columns = frame.drop_duplicates("position").set_index("position")["token"]
    shape = (len(rows), len(columns))
    values = frame["value"].to_numpy(dtype=float).reshape(shape)
    high = max(float(np.nanmax(values)), 1e-9) if metric == "entropy" else 1.0
    return TokenGrid(
        values=values,
        words=tuple(map(tuple, np.asarray(_words(frame, metric), dtype=object).reshape(shape))),
        rows=tuple(rows),
        columns=tuple(columns),
        scale=Scale("sequential", 0.0, high, METRICS[metric]),
        word="rank of the chosen token" if metric == "rank" else "top token" if metric == "probability" else "value",
        column_start=int(columns.index[0]),
        title="Logit lens",
        x_label="position (the token that was just read)",
        y_label="residual stream",
    )


def _words(frame: pd.DataFrame, metric: str) -> list[str]:
    if metric == "probability":
        return list(frame["top_token"])
    return [str(rank) for rank in frame["chosen_rank"]] if metric == "rank" else list(map(cell_text, frame["value"]))


VIEW = View(
    name="lens",
    title="Logit lens",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("metric", "Quantity", "choice", "probability", tuple(METRICS)),
        Option("positions", "Positions", "range", None),
    ),
    make_table=table,
    figure=figure,
    needs=("lens",),
)
