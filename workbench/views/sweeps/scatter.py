"""Two statistics of a sweep against each other: a point for every head, by its means over the texts.

Heads of one kind lie together; the ones on their own are named. Local and global layers have their own signs, because
a window bounds distance and entropy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.layer_kinds import layer_kinds
from gemma2_workbench.figures.spec import Scatter
from gemma2_workbench.views.sweeps.labels import LABELS, STATISTICS, head_name
from gemma2_workbench.views.view import Option, View, help_of

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.sweeps.result import Sweep

_NAMED = 12  # points
_SIDES = ("statistic", "mean", "low", "high")
COLUMNS = (
    *("layer", "head", "name", "kv_head", "kind"),
    *(f"{axis}_{name}" for axis in "xy" for name in _SIDES),
)


def table(sweep: Sweep, x: str, y: str) -> pd.DataFrame:
    """One row per head: its means of both statistics over the texts, and their 95 % intervals."""
    means = sweep.means
    place = ["layer", "head", "kv_head", "kind"]
    first, second = (
        means.loc[means["statistic"] == name, [*place, *_SIDES]].rename(
            columns={side: f"{axis}_{side}" for side in _SIDES}
        )
        for axis, name in (("x", x), ("y", y))
    )
    frame = first.merge(second, on=place)
    names = [head_name(*each) for each in zip(frame["layer"], frame["head"], strict=True)]
    return frame.assign(name=names).reindex(columns=list(COLUMNS))


def figure(frame: pd.DataFrame) -> Scatter:
    """The points, the outermost of them named."""
    x, y = (frame[f"{axis}_mean"].to_numpy(dtype=float) for axis in "xy")
    labels = {axis: LABELS[frame[f"{axis}_statistic"].iloc[0]] for axis in "xy"}
    looks = layer_kinds(frame["kind"])
    return Scatter(
        x=x,
        y=y,
        x_label=labels["x"],
        y_label=labels["y"],
        labels=tuple(frame["name"]),
        groups=tuple(looks[kind].words for kind in frame["kind"]),
        named=_alone(x, y),
        title=f"Heads by {labels['x']} and {labels['y']} over the texts",
    )


def _alone(x: np.ndarray, y: np.ndarray) -> tuple[int, ...]:
    """The points that are farthest from the middle of all, in units of how wide the others are spread."""
    far = np.zeros(len(x))
    for values in (x, y):
        if np.isfinite(values).any() and (wide := np.nanmax(values) - np.nanmin(values)) > 0:
            far += np.nan_to_num((values - np.nanmedian(values)) / wide) ** 2
    far[~np.isfinite(x + y)] = -1
    order = np.argsort(-far, kind="stable")[:_NAMED]
    return tuple(int(at) for at in order if far[at] >= 0)


VIEW = View(
    name="scatter",
    title="Heads by two statistics",
    help=help_of(__doc__ or ""),
    columns=COLUMNS,
    options=(
        Option("x", "Across", "choice", "previous_token", STATISTICS),
        Option("y", "Up", "choice", "induction", STATISTICS),
    ),
    make_table=table,
    figure=figure,
)
