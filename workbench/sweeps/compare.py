"""`compare_sweeps`: which heads differ between two models over the same texts, or between two corpora.

Intervals are of a bootstrap over documents. Over one corpus both models draw the same documents in every replicate, so
that what is hard in a text, which is so for both, does not widen them.
"""

import numpy as np
import pandas as pd

from gemma2_workbench.sweeps.result import Sweep

Z95 = 1.959963984540054  # of the normal distribution, two-sided 95 %


def compare_sweeps(before: Sweep, after: Sweep) -> pd.DataFrame:
    """One row per layer, head and statistic, the surest change first.

    Columns: layer, head, kind, statistic, before, after, change (after - before), low, high (95 % interval of it), z.

    Raises:
        ValueError: the models have other layers or heads.
    """
    shapes = [(len(each.identity.layers), each.identity.heads) for each in (before, after)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"{shapes[0][0]} layers of {shapes[0][1]} heads are not {shapes[1][0]} of {shapes[1][1]}: heads are "
            "compared with those in the same place"
        )
    place = ["layer", "head", "kind", "statistic"]
    numbers = ["texts_mean", "replicates"]
    both = before.heads[place + numbers].merge(after.heads[place + numbers], on=place, suffixes=("_a", "_b"))
    change = both["texts_mean_b"] - both["texts_mean_a"]
    drawn = [pd.DataFrame(both[f"replicates_{side}"].tolist()) for side in "ab"]
    if before.identity.corpus_sha256 == after.identity.corpus_sha256:
        error = (drawn[1] - drawn[0]).std(axis=1)
    else:
        error = sum(each.var(axis=1) for each in drawn) ** 0.5
    frame = both[place].assign(
        before=both["texts_mean_a"],
        after=both["texts_mean_b"],
        change=change,
        low=change - Z95 * error,
        high=change + Z95 * error,
        z=change / error.where(error > 0),
    )
    order = np.argsort(-frame["z"].abs().fillna(-1).to_numpy(), kind="stable")
    return frame.iloc[order].reset_index(drop=True)
