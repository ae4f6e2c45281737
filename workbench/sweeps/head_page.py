"""`head_page`: all that a sweep knows of one head: statistics, histograms, and its strongest and weakest places."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gemma2_workbench.sweeps.examples import SIDES
from gemma2_workbench.sweeps.result import Sweep
from gemma2_workbench.sweeps.statistics import OF_QUERIES, STATISTICS


@dataclass(frozen=True, eq=False)
class Example:
    """A place in a text where a head is strong, weak, or one of a sample.

    Attributes:
        statistic, side, rank: of what it is an example: the `rank`-th (from 0) of one of `SIDES`.
        value: the statistic there.
        document, piece, name: which text, which window of it, and what it is called.
        text: the characters of the window.
        tokens: what to show for its tokens.
        query: the position that attends.
        peak: the position that it attends to most.
        first: the position of the first probability that was kept.
        row: the probabilities from there on, float32 [W]; the others are not known.
    """

    statistic: str
    side: str
    rank: int
    value: float
    document: int
    piece: int
    name: str
    text: str
    tokens: tuple[str, ...]
    query: int
    peak: int
    first: int
    row: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """The probability of every token of the window, float64 [T]; NaN where it was not kept, or is hidden."""
        known = np.full(len(self.tokens), np.nan)
        last = min(self.first + len(self.row), len(self.tokens))
        if not self.row[max(0, self.query + 1 - self.first) :].any():
            last = min(last, self.query + 1)  # nothing is seen behind the query
        known[self.first : last] = self.row[: last - self.first]
        return known


@dataclass(frozen=True, eq=False)
class HeadPage:
    """What a sweep knows of one head.

    Attributes:
        layer, head: which.
        kind: of its layer, such as local or global.
        statistics: a row for each: mean over the texts with its 95 % interval, its quantiles over queries, and by rank
            which head of the model it is (1 is the largest).
        histograms: a row for each statistic and bin: left and right edge, and how many queries (texts, of statistics
            that a text has one of) lie there.
        examples: the places that were kept.
    """

    layer: int
    head: int
    kind: str
    statistics: pd.DataFrame
    histograms: pd.DataFrame
    examples: tuple[Example, ...]

    def of(self, statistic: str, side: str = "top") -> tuple[Example, ...]:
        """The examples of one statistic and side, best first; none where no query has the statistic.

        Raises:
            ValueError: there is no such statistic or side.
        """
        for what, given, known in (
            ("statistic", statistic, [each.name for each in OF_QUERIES]),
            ("side", side, [*SIDES]),
        ):
            if given not in known:
                raise ValueError(f"{what}={given!r} has no examples; choose {', '.join(known)}")
        return tuple(each for each in self.examples if (each.statistic, each.side) == (statistic, side))


def head_page(sweep: Sweep, layer: int, head: int) -> HeadPage:
    """What a sweep knows of one head, without its model.

    Raises:
        ValueError: there is no such layer or head.
    """
    for name, given in (("layer", layer), ("head", head)):
        if not 0 <= given < (count := sweep.sizes[name]):
            raise ValueError(f"{name}={given} does not exist; allowed: 0..{count - 1}")
    means = sweep.means
    ranks = means.groupby("statistic", sort=False)["mean"].rank(ascending=False, method="min")
    here = (means["layer"] == layer) & (means["head"] == head)
    rows = sweep.heads.loc[(sweep.heads["layer"] == layer) & (sweep.heads["head"] == head)]
    statistics = means.loc[here].assign(rank=ranks[here])
    quantiles = [name for name in rows.columns if name.startswith("tokens_q")]
    statistics = statistics.merge(rows[["statistic", "tokens_count", *quantiles]], on="statistic")
    kind = str(statistics["kind"].iloc[0])
    return HeadPage(layer, head, kind, statistics, _histograms(rows), _examples(sweep, layer, head))


def _histograms(rows: pd.DataFrame) -> pd.DataFrame:
    found = rows.set_index("statistic")
    frames = [
        pd.DataFrame(
            {
                "statistic": each.name,
                "left": each.edges[:-1],
                "right": each.edges[1:],
                "count": np.asarray(found.at[each.name, f"{'texts' if each.per_text else 'tokens'}_histogram"]),
            }
        )
        for each in STATISTICS
    ]
    return pd.concat(frames, ignore_index=True)


def _examples(sweep: Sweep, layer: int, head: int) -> tuple[Example, ...]:
    places = sweep.examples.loc[(sweep.examples["layer"] == layer) & (sweep.examples["head"] == head)]
    found = places.merge(sweep.texts, on=["document", "piece"], how="left")
    whole = ("rank", "document", "piece", "query", "peak", "first")
    return tuple(
        Example(
            statistic=str(each["statistic"]),
            side=str(each["side"]),
            value=float(each["value"]),
            name=str(each["name"]),
            text=str(each["text"]),
            tokens=tuple(each["tokens"]),
            row=np.asarray(each["row"], dtype=np.float32),
            **{name: int(each[name]) for name in whole},
        )
        for each in found.to_dict("records")
    )
