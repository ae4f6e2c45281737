"""Statistics: what a sweep measures of every head, at every query or once in every text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from gemma2_workbench.heads.scores import spread_of
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.traces.folds import FOLDS

BINS = 64


@dataclass(frozen=True, eq=False)
class Statistic:
    """A number of a head.

    Attributes:
        name: of the fold it comes from, or "spread".
        help: what it means, with its unit.
        edges: of its histogram, ascending float64 [BINS + 1]; what lies outside counts in the first or last bin.
        strata: four numbers that divide weak from strong, for examples of all strengths.
        per_text: whether a text has one number, and not every query one.
    """

    name: str
    help: str
    edges: np.ndarray
    strata: tuple[float, float, float, float]
    per_text: bool = False

    @property
    def share(self) -> bool:
        """Whether it lies between 0 and 1."""
        return float(self.edges[-1]) == 1.0


_SHARES = np.linspace(0, 1, BINS + 1)
_FIFTHS = (0.2, 0.4, 0.6, 0.8)
_NATS = np.linspace(0, 9.6, BINS + 1)
# Distances, and logits, by quarters of an octave from 1 on.
_OCTAVES = np.concatenate(([0.0], 2.0 ** (np.arange(BINS) / 4)))
_HELP = {fold.name: fold.help for fold in FOLDS}


def _share(name: str) -> Statistic:
    return Statistic(name, _HELP[name], _SHARES, _FIFTHS)


STATISTICS: tuple[Statistic, ...] = (
    *map(_share, ("induction", "previous_token", "duplicate_token", "first_token", "self_attention")),
    Statistic("entropy", _HELP["entropy"], _NATS, (0.5, 1, 2, 3)),
    Statistic("spread", "entropy over its maximum, ln of the number of visible keys", _SHARES, _FIFTHS),
    Statistic("distance", _HELP["distance"], _OCTAVES, (1, 4, 16, 64)),
    Statistic("beyond_half", "share of cells with |logit| > 0.5 cap", _SHARES, _FIFTHS, per_text=True),
    Statistic("beyond_most", "share of cells with |logit| > 0.9 cap", _SHARES, _FIFTHS, per_text=True),
    Statistic("bend", "mean |logit - softcapped logit|", _OCTAVES, (1, 4, 16, 64), per_text=True),
    Statistic("largest_logit", _HELP["largest_logit"], _OCTAVES, (1, 4, 16, 64), per_text=True),
)
OF_QUERIES = tuple(each for each in STATISTICS if not each.per_text)
OF_TEXTS = tuple(each for each in STATISTICS if each.per_text)
READ = (*(each.name for each in STATISTICS if each.name != "spread"), "visible")


def values_of(folds: Mapping[str, Tensor], layers: Sequence[LayerInfo]) -> list[np.ndarray]:
    """The numbers of one run by statistic, float64 [L, N, queries] or [L, N, 1]; NaN where there is none.

    Args:
        folds: of `READ`.
        layers: the layers' masks.
    """
    numbers = {name: fold.double().numpy() for name, fold in folds.items()}
    numbers["spread"] = spread_of(numbers["entropy"], layers)
    cells = numbers["visible"]
    for name in ("beyond_half", "beyond_most", "bend"):
        numbers[name] = numbers[name] / cells
    return [numbers[each.name][..., None] if each.per_text else numbers[each.name] for each in STATISTICS]
