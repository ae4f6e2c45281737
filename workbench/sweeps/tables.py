"""What was found as tables: heads, examples, and the texts of the examples."""

from typing import Any

import numpy as np
import pandas as pd

from gemma2_workbench.sweeps.examples import SIDES, Places
from gemma2_workbench.sweeps.partial import Partial
from gemma2_workbench.sweeps.statistics import OF_QUERIES, STATISTICS
from gemma2_workbench.sweeps.tally import Side

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}


def heads_table(found: Partial) -> pd.DataFrame:
    """One row per layer, head and statistic."""
    F, L, N = found.tally.tokens.count.shape
    layer, head, statistic = (axis.transpose(1, 2, 0).ravel() for axis in _places(F, L, N))
    columns: dict[str, Any] = {
        "layer": layer,
        "head": head,
        "kv_head": head // (N // found.identity.kv_heads),
        "kind": np.array([each.split(",")[0] for each in found.identity.layers], dtype=object)[layer],
        "statistic": np.array([each.name for each in STATISTICS], dtype=object)[statistic],
    }
    for over, side in (("tokens", found.tally.tokens), ("texts", found.tally.texts)):
        columns |= {f"{over}_{name}": values for name, values in _numbers(side).items()}
    columns["error"] = np.sqrt(columns["texts_variance"] / columns["texts_count"].clip(1))
    means = found.tally.replicates.means
    columns["replicates"] = list(means.transpose(2, 3, 1, 0).reshape(-1, len(means)))
    return pd.DataFrame(columns)


def _numbers(side: Side) -> dict[str, Any]:
    numbers: dict[str, Any] = {"count": side.count, "mean": side.mean, "variance": side.variance}
    numbers |= {name: side.quantile(share) for name, share in QUANTILES.items()}
    flat: dict[str, Any] = {name: values.transpose(1, 2, 0).ravel() for name, values in numbers.items()}
    return flat | {"histogram": list(side.bins.transpose(1, 2, 0, 3).reshape(-1, side.bins.shape[-1]))}


def _places(F: int, L: int, N: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Layer, head and statistic of every number, [F, L, N] each."""
    statistic, layer, head = np.indices((F, L, N))
    return layer, head, statistic


def examples_table(found: Partial) -> pd.DataFrame:
    """One row per place, by layer, head, statistic, side and rank."""
    frames = [_side(side, found.examples.places[side]) for side in SIDES]
    order = ["layer", "head", "statistic", "side", "rank"]
    frame = pd.concat(frames, ignore_index=True)
    number = {each.name: at for at, each in enumerate(OF_QUERIES)}
    return frame.sort_values(
        order,
        kind="stable",
        ignore_index=True,
        key=lambda column: column.map(number) if column.name == "statistic" else column,
    )


def _side(side: str, places: Places) -> pd.DataFrame:
    F, L, N, k = places.rank.shape
    there = np.isfinite(places.rank)
    layer, head, statistic = (np.broadcast_to(axis[..., None], there.shape)[there] for axis in _places(F, L, N))
    rank = np.broadcast_to(np.arange(k), there.shape)[there]
    names = np.array([each.name for each in OF_QUERIES], dtype=object)
    columns = {"layer": layer, "head": head, "statistic": names[statistic], "side": side, "rank": rank}
    whole = ("value", "document", "piece", "query", "peak", "first")
    columns |= {name: getattr(places, name)[there] for name in whole}
    return pd.DataFrame({**columns, "row": list(places.row[there])})


def texts_table(found: Partial) -> pd.DataFrame:
    """One row per window that an example stands in."""
    rows = [(*key, each.name, each.text, list(each.tokens)) for key, each in sorted(found.pieces.items())]
    return pd.DataFrame(rows, columns=["document", "piece", "name", "text", "tokens"])
