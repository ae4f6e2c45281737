"""`BatchSums`, what a batch adds to a tally, and `binned`, which counts numbers in the bins of a statistic.

Letters: B texts, F statistics of queries, f of texts, L layers, N heads, b bins.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.sweeps.statistics import BINS, Statistic


@dataclass(frozen=True, eq=False)
class BatchSums:
    """The statistics of some texts.

    Attributes:
        queries: how many queries of each text have one, their sum, and that of their squares, float64 [3, B, F, L, N].
        bins: how many of all texts lie in each bin, int64 [F, L, N, b].
        texts: what a text has one of, NaN where there is none, float64 [B, f, L, N].
    """

    queries: np.ndarray
    bins: np.ndarray
    texts: np.ndarray


def of_texts(sums_LB4N: np.ndarray, cells_LB: np.ndarray) -> np.ndarray:
    """`BatchSums.texts`.

    Args:
        sums_LB4N: cells beyond 0.5 and 0.9 of the cap, sum of the bend of the cap, largest |logit|.
        cells_LB: visible cells of each head; 0 in a layer that has no softmax.
    """
    cells_LB11 = np.where(cells_LB > 0, cells_LB, np.nan)[..., None, None]
    shares_LB3N = sums_LB4N[:, :, :3] / cells_LB11
    largest_LB1N = np.where(cells_LB11 > 0, sums_LB4N[:, :, 3:], np.nan)
    return np.concatenate((shares_LB3N, largest_LB1N), 2).transpose(1, 2, 0, 3)


def binned(statistic: Statistic, values_LNk: Tensor) -> np.ndarray:
    """How many values lie in each bin, int64 [L, N, b]; infinite is none."""
    edges = statistic.edges.copy()
    edges[-1] = np.inf  # counts in a bin that is left out
    at_LNk = torch.bucketize(values_LNk, torch.from_numpy(edges[1:]).to(values_LNk.device), right=True)
    L, N = values_LNk.shape[:2]
    place_LN1 = torch.arange(L * N, device=at_LNk.device).reshape(L, N, 1)
    counted = torch.bincount(at_LNk.add_(place_LN1 * (BINS + 1)).flatten(), minlength=L * N * (BINS + 1))
    return counted.view(L, N, BINS + 1)[..., :BINS].cpu().numpy()
