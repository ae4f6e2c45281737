"""`compare_sweeps`: which heads differ between two models over the same texts, or between two corpora.

Intervals are of a bootstrap over documents. Over one corpus both models draw the same documents in every replicate, so
that what is hard in a text, which is so for both, does not widen them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from gemma2_workbench.brief import brief
from gemma2_workbench.sweeps.intervals import Z95, drawn, spread
from gemma2_workbench.sweeps.result import Sweep

_PLACE = ["layer", "head", "kv_head", "kind", "statistic"]


@dataclass(frozen=True, eq=False)
class SweepPair:
    """Two sweeps whose heads are compared with those in the same place.

    Raises:
        ValueError: the models have other layers or heads.
    """

    before: Sweep
    after: Sweep

    def __post_init__(self) -> None:
        """Check that there is the same place in both."""
        before, after = ((len(each.identity.layers), each.identity.heads) for each in (self.before, self.after))
        if before != after:
            raise ValueError(
                f"{before[0]} layers of {before[1]} heads are not {after[0]} of {after[1]}: heads are compared with "
                "those in the same place"
            )

    def __repr__(self) -> str:
        return brief(self, self.sentence)

    @property
    def sentence(self) -> str:
        """What is compared, in words."""
        return f"{self.before.sentence}; against {self.after.sentence}"

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many layers and heads there are to choose from."""
        return self.before.sizes

    @property
    def paired(self) -> bool:
        """Whether both draw the same documents: they are of one corpus."""
        return self.before.identity.corpus_sha256 == self.after.identity.corpus_sha256

    @cached_property
    def changes(self) -> pd.DataFrame:
        """One row per layer, head and statistic, the surest change first; columns as of `compare_sweeps`."""
        numbers = ["texts_mean", "replicates"]
        frames = [each.heads[_PLACE + numbers] for each in (self.before, self.after)]
        both = frames[0].merge(frames[1].drop(columns=["kv_head", "kind"]), on=["layer", "head", "statistic"])
        before, after = both["texts_mean_x"], both["texts_mean_y"]
        change = after - before
        error = self._error(*(drawn(both[f"replicates_{side}"].tolist()) for side in "xy"))
        frame = both[_PLACE].assign(
            before=before,
            after=after,
            change=change,
            low=change - Z95 * error,
            high=change + Z95 * error,
            z=change / np.where(error > 0, error, np.nan),
        )
        order = np.argsort(-frame["z"].abs().fillna(-1).to_numpy(), kind="stable")
        return frame.iloc[order].reset_index(drop=True)

    def _error(self, before_RB: np.ndarray, after_RB: np.ndarray) -> np.ndarray:
        if self.paired:
            return spread(after_RB - before_RB)
        return np.hypot(spread(before_RB), spread(after_RB))


def compare_sweeps(before: Sweep, after: Sweep) -> pd.DataFrame:
    """One row per layer, head and statistic, the surest change first.

    Columns: layer, head, kv_head, kind, statistic, before, after, change (after - before), low, high (95 % interval of
    it), z.

    Raises:
        ValueError: the models have other layers or heads.
    """
    return SweepPair(before, after).changes
