"""Numbers per head: the long table and the layer x head grids that the atlas and the softcap view share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gemma2_workbench.figures.spec import HeadGrid, Panels, Scale
from gemma2_workbench.heads.scores import without_softmax_nan
from gemma2_workbench.tidy import tidy

if TYPE_CHECKING:
    import pandas as pd

    from gemma2_workbench.traces.trace import Trace

COLUMNS = ("layer", "head", "kv_head", "kind", "metric", "value")


@dataclass(frozen=True)
class Metric:
    """A number per head: its label with unit, and the range of its colour scale (None: from the data)."""

    name: str
    label: str
    high: float | None = None


def heads_table(trace: Trace, values: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """One row per layer, head and metric from arrays [L, N]."""
    layers, heads = range(len(trace.layers)), range(trace.heads)
    values = {name: without_softmax_nan(each, trace.layers) for name, each in values.items()}
    frame = tidy({"value": np.stack(list(values.values()))}, {"metric": list(values), "layer": layers, "head": heads})
    kinds = np.asarray([layer.kind for layer in trace.layers], dtype=object)
    shared = trace.heads // trace.kv_heads
    frame = frame.assign(kv_head=frame["head"] // shared, kind=kinds[frame["layer"]])
    return frame.reindex(columns=list(COLUMNS))


def grids(frame: pd.DataFrame, metrics: tuple[Metric, ...], title: str) -> HeadGrid | Panels:
    """A layer x head grid per metric that the table holds; several become panels."""
    present = [metric for metric in metrics if metric.name in set(frame["metric"])]
    figures = tuple(_grid(frame.loc[frame["metric"] == metric.name], metric) for metric in present)
    return figures[0] if len(figures) == 1 else Panels(figures, columns=min(3, len(figures)), title=title)


def _grid(frame: pd.DataFrame, metric: Metric) -> HeadGrid:
    wide = frame.pivot(index="layer", columns="head", values="value")
    values = wide.to_numpy(dtype=float)
    largest = float(np.nanmax(values, initial=0.0)) or 1.0
    kinds = frame.drop_duplicates("layer").sort_values("layer")["kind"]
    return HeadGrid(
        values=values,
        kinds=tuple(kinds),
        group=wide.shape[1] // len(set(frame["kv_head"])),
        scale=Scale("sequential", 0.0, metric.high or largest, metric.label),
        title=metric.label,
        text=values.shape[1] <= 8,
    )


def changes(frame: pd.DataFrame, metrics: tuple[Metric, ...], title: str) -> HeadGrid | Panels:
    """A grid around zero of the column `difference` for each metric that the table holds; several become panels."""
    present = [metric for metric in metrics if metric.name in set(frame["metric"])]
    figures = tuple(_changed(frame.loc[frame["metric"] == metric.name], metric.label) for metric in present)
    return figures[0] if len(figures) == 1 else Panels(figures, columns=min(3, len(figures)), title=title)


def _changed(frame: pd.DataFrame, label: str) -> HeadGrid:
    wide = frame.pivot(index="layer", columns="head", values="difference")
    values = wide.to_numpy(dtype=float)
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    return HeadGrid(
        values=values,
        kinds=tuple(frame.drop_duplicates("layer").sort_values("layer")["kind"]),
        group=wide.shape[1] // len(set(frame["kv_head"])),
        scale=Scale("diverging", -largest, largest, f"change of {label}"),
        title=label,
        text=values.shape[1] <= 8,
    )
