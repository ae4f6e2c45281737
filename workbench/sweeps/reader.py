"""`SweepReader`: the folds of a sweep, and in the same pass the rows where they are largest and smallest.

Letters: F statistics of queries, N heads, Q query rows of a block, S keys, W keys of a row around its peak.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.examples import WIDTH, Extremes
from gemma2_workbench.sweeps.statistics import OF_QUERIES, READ
from gemma2_workbench.traces.blocks import Block
from gemma2_workbench.traces.folds import FOLDS
from gemma2_workbench.traces.reader import Batch
from gemma2_workbench.traces.readers.folds import FoldsReader


class SweepReader(FoldsReader):
    """Reads all statistics of a batch, and one row of each head for the largest and the smallest value of each.

    Args:
        loaded: the model as it is run.
        batch: the texts.
        since: the first query of each text that counts.
    """

    def __init__(self, loaded: Source, batch: Batch, since: Sequence[int]) -> None:
        super().__init__(loaded, batch, [fold for fold in FOLDS if fold.name in READ])
        self._since = since
        place = (loaded.shape.layers, 2, len(OF_QUERIES), loaded.shape.heads)
        self._best = [torch.full(place, -torch.inf, device=batch.ids.device) for _ in batch.lengths]
        self._where = [torch.zeros(*place, 3, dtype=torch.long, device=batch.ids.device) for _ in batch.lengths]
        self._rows = [torch.zeros(*place, WIDTH, device=batch.ids.device) for _ in batch.lengths]

    def take(self, layer: int, text: int, block: Block) -> None:
        """See `BlockReader`."""
        super().take(layer, text, block)
        value_FNQ = self._values(layer, text, block)
        both_2FNQ = torch.stack((value_FNQ, -value_FNQ))
        if (hidden := self._since[text] - block.span.rows.start) > 0:
            both_2FNQ[..., :hidden] = torch.nan
        largest_2FN, at_2FN = both_2FNQ.nan_to_num(-torch.inf).max(-1)
        best = self._best[text][layer]
        better = largest_2FN > best
        if better.any():
            best[better] = largest_2FN[better]
            where, row = _row(block, at_2FN)
            self._where[text][layer][better] = where[better]
            self._rows[text][layer][better] = row[better]

    def extremes(self, text: int) -> Extremes:
        """The largest and smallest values of one text."""
        best = self._best[text].permute(1, 2, 0, 3).double().cpu().numpy().copy()
        best[np.isinf(best)] = np.nan
        best[1] = -best[1]
        where = self._where[text].permute(4, 1, 2, 0, 3).cpu().numpy()
        return Extremes(best, where[0], where[1], where[2], self._rows[text].permute(1, 2, 0, 3, 4).cpu().numpy())

    def _values(self, layer: int, text: int, block: Block) -> Tensor:
        rows = slice(block.span.rows.start, block.span.rows.stop)
        values = {
            each.name: self._results[text][each.name][layer][:, rows] for each in OF_QUERIES if each.name != "spread"
        }
        most_Q = block.places.shown.sum(-1).log()
        values["spread"] = values["entropy"] / torch.where(most_Q > 0, most_Q, torch.nan)
        return torch.stack([values[each.name] for each in OF_QUERIES])


def _row(block: Block, at_2FN: Tensor) -> tuple[Tensor, Tensor]:
    """Query, most attended key and first key of the row [2, F, N, 3], and the row around the peak [2, F, N, W]."""
    N, _, S = block.probs.shape
    row_2FNS = block.probs[torch.arange(N, device=at_2FN.device), at_2FN]
    peak_2FN = row_2FNS.argmax(-1)
    first_2FN = (peak_2FN - WIDTH // 2).clamp(max=S - WIDTH).clamp(min=0)
    key_2FNW = first_2FN[..., None] + torch.arange(WIDTH, device=at_2FN.device)
    row_2FNW = row_2FNS.gather(-1, key_2FNW.clamp(max=S - 1)).masked_fill(key_2FNW >= S, 0)
    start = block.span.keys.start
    where = torch.stack((at_2FN + block.span.rows.start, peak_2FN + start, first_2FN + start), -1)
    return where, row_2FNW
