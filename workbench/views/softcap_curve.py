"""One head's logits on the softcap curve s = c tanh(a / c), their density, and what the cap changes for each query.

A dot is one visible query/key cell: its raw logit a to the right, what the cap makes of it upward. Where there are many
cells the dots are an even sample; the density is over all of them, before and after the cap. At half the cap tanh has
taken 7.6 % off, at the cap 23.8 %. The last panel is KL(p || u) for each query in nats: p is the attention with the
cap, u the attention that the same raw logits would give without it. 0 means that the cap changes nothing for the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import Curve, Guide, Panels, Scatter, Series
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.softcap import HeadLogits
    from gemma2_workbench.traces.trace import Trace

COLUMNS = ("layer", "head", "softcap", "cells", "part", "query", "key", "query_token", "key_token", "x", "y")
CELL, BEFORE, AFTER, ROW = "cell", "density before the cap", "density after the cap", "KL of the row"


def table(trace: Trace, layer: int, head: int) -> pd.DataFrame:
    """One row per dot (x raw logit, y capped), bin (x its middle, y share of the cells) and query (x place, y KL).

    `part` says which; `cells` is the number of visible cells, `softcap` NaN where the cap is off.
    """
    import pandas as pd

    from gemma2_workbench.traces.softcap import head_logits

    logits = head_logits(trace, layer, head)
    names = np.asarray(trace.tokens.display, dtype=object)
    parts = [_dots(logits, names), *_densities(logits), _rows(logits, names)]
    frame = pd.concat(map(pd.DataFrame, parts), ignore_index=True).assign(
        layer=layer,
        head=head,
        softcap=np.nan if logits.softcap is None else logits.softcap,
        cells=logits.extent.cells,
    )
    frame = frame.astype({"query": "Int64", "key": "Int64"}).fillna({"query_token": "", "key_token": ""})
    return frame.reindex(columns=list(COLUMNS))


def _dots(logits: HeadLogits, names: np.ndarray) -> dict[str, object]:
    return {
        "part": CELL,
        "query": logits.query,
        "key": logits.key,
        "query_token": names[logits.query],
        "key_token": names[logits.key],
        "x": logits.logit.astype(float),
        "y": logits.score.astype(float),
    }


def _densities(logits: HeadLogits) -> list[dict[str, object]]:
    middles = (logits.edges[1:] + logits.edges[:-1]) / 2
    counts = {BEFORE: logits.raw_count, AFTER: logits.capped_count}
    return [{"part": part, "x": middles, "y": count / logits.extent.cells} for part, count in counts.items()]


def _rows(logits: HeadLogits, names: np.ndarray) -> dict[str, object]:
    places = np.arange(len(names))
    return {"part": ROW, "query": places, "query_token": names, "x": places.astype(float), "y": logits.divergence}


def figure(frame: pd.DataFrame) -> Panels:
    """The curve with the dots, the density beside it, and KL per query."""
    first = frame.iloc[0]
    figures = (curve_figure(frame), density_figure(frame), row_figure(frame))
    return Panels(figures, columns=3, title=f"Layer {first['layer']}, head {first['head']}: logits and softcap")


def curve_figure(frame: pd.DataFrame) -> Scatter:
    """The dots on the curve; guides where the cap begins to be felt, if the logits get there."""
    dots = frame.loc[frame["part"] == CELL]
    cap = None if np.isnan(frame["softcap"].iloc[0]) else float(frame["softcap"].iloc[0])
    labels = "query " + dots["query"].astype(str) + " " + dots["query_token"]
    labels += " → key " + dots["key"].astype(str) + " " + dots["key_token"]
    return Scatter(
        x=dots["x"].to_numpy(),
        y=dots["y"].to_numpy(),
        x_label="raw logit a",
        y_label="capped logit s",
        labels=tuple(labels),
        curve=curve(cap, dots["x"].to_numpy()),
        title=f"{len(dots):,} of {frame['cells'].iloc[0]:,} visible cells",
        guides=guides(cap, dots["x"].to_numpy()),
    )


def curve(cap: float | None, x: np.ndarray) -> Series:
    """The curve c tanh(x / c) over the range of `x`, [n], a little beyond it."""
    margin = 0.05 * float(np.ptp(x)) or 1.0
    line = np.linspace(float(x.min()) - margin, float(x.max()) + margin, 201)
    if cap is None:
        return Series("no cap: s = a", line, line)
    return Series(f"{cap:g} tanh(a / {cap:g})", line, cap * np.tanh(line / cap))


def guides(cap: float | None, x: np.ndarray) -> tuple[Guide, ...]:
    """Half the cap on both sides and the cap itself, as far as the logits `x`, [n], get there."""
    if cap is None:
        return ()
    sides = [sign for sign in (-1, 1) if (sign * x).max() > cap / 2]
    halves = tuple(Guide("x", sign * cap / 2, "half the cap") for sign in sides)
    return halves + tuple(Guide("y", sign * cap, f"cap {sign * cap:g}") for sign in sides)


def density_figure(frame: pd.DataFrame) -> Curve:
    """How many of all visible cells lie where, before and after the cap."""
    series = []
    for part, name in ((BEFORE, "before the cap"), (AFTER, "after the cap")):
        bins = frame.loc[frame["part"] == part]
        series.append(Series(name, bins["x"].to_numpy(), 100 * bins["y"].to_numpy()))
    title = f"Density of all {frame['cells'].iloc[0]:,} visible cells"
    return Curve(tuple(series), "logit", "visible cells (% per bin)", title)


def row_figure(frame: pd.DataFrame) -> Curve:
    """KL between the attention with and without the cap, for each query."""
    rows = frame.loc[frame["part"] == ROW]
    line = Series("KL", rows["x"].to_numpy(), rows["y"].to_numpy())
    title = f"KL(capped || uncapped), mean {rows['y'].mean():.3g} nats"
    return Curve((line,), "query (position)", "KL (nats)", title)


VIEW = View(
    name="softcap_curve",
    title="Softcap curve",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(Option("layer", "Layer", "layer", 0), Option("head", "Head", "head", 0)),
    make_table=table,
    figure=figure,
)
