"""`TorchReader`: the statistics of a sweep step by step in torch, on any device and in any dtype.

All texts of a batch are reduced at once. What a fold of `traces.folds` needs of a block is the same for all texts, so
that their heads may stand side by side in one block, but for the token ids, which only few folds ask for.

Letters: B texts, L layers, F statistics of queries, N heads, Q query rows of a block, S keys, T tokens of the longest
text, W keys of a row around its peak.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.model.hooks import Hook, Span
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source
from gemma2_workbench.sweeps.examples import WIDTH, Extremes
from gemma2_workbench.sweeps.readers.stages import Take, stage_hooks
from gemma2_workbench.sweeps.readers.sums import BatchSums, binned, of_texts
from gemma2_workbench.sweeps.statistics import OF_QUERIES, OF_TEXTS
from gemma2_workbench.traces.blocks import Block, masses
from gemma2_workbench.traces.folds import FOLDS
from gemma2_workbench.traces.logit_sums import row_saturation
from gemma2_workbench.traces.pieces import Buffers
from gemma2_workbench.traces.reader import Batch
from gemma2_workbench.traces.text import Text

_FOLDS = {fold.name: fold.reduce for fold in FOLDS}
_OF_ALL = ("first_token", "self_attention", "previous_token", "entropy")
_AT = {each.name: number for number, each in enumerate(OF_QUERIES)}
_MASSES = [_AT[name] for name in ("distance", "duplicate_token", "induction")]


class TorchReader:
    """See `SweepReader`.

    Args:
        loaded: the model as it is run.
        batch: the texts; of one length where a query sees the keys behind it, among which padding would be.
        since: the first query of each text that counts.
    """

    def __init__(self, loaded: Source, batch: Batch, since: Sequence[int]) -> None:
        self._loaded = loaded
        self._stages: dict[str, Tensor] = {}
        buffers, device = Buffers(), batch.ids.device
        self._texts = [Text(batch.ids[text, :length], buffers) for text, length in enumerate(batch.lengths)]
        self._all = Text(batch.ids[0], buffers)
        B, T = batch.ids.shape
        L, N = loaded.shape.layers, loaded.shape.heads
        at_T = torch.arange(T, device=device)
        lengths_B1, since_B1 = (torch.tensor(each, device=device)[:, None] for each in (batch.lengths, since))
        self._within_BT = at_T < lengths_B1
        self._missing_BFT = (~self._within_BT | (at_T < since_B1))[:, None].repeat(1, len(OF_QUERIES), 1)
        for text, missing_FT in zip(self._texts, self._missing_BFT, strict=True):
            places = text.places(Span(range(len(text)), range(0)), Mask())
            missing_FT[_AT["duplicate_token"], : len(text)] |= places.never_before
            missing_FT[_AT["induction"], : len(text)] |= places.never_followed
        self._values = torch.full((L, B, len(OF_QUERIES), N, T), torch.nan, device=device)
        self._sums = torch.zeros(L, B, len(OF_TEXTS), N, dtype=torch.double, device=device)
        self._cells = torch.zeros(L, B, 1, dtype=torch.double, device=device)
        place = (L, B, 2, len(OF_QUERIES), N)
        self._best = torch.full(place, -torch.inf, device=device)
        self._where = torch.zeros(*place, 3, dtype=torch.long, device=device)
        self._rows = torch.zeros(*place, WIDTH, device=device)

    def hooks(self) -> Sequence[Mapping[str, Hook]]:
        """See `Reader`."""

        def keep(name: str) -> Take:
            return lambda _info, _span, stage: self._stages.update({name: stage})

        takers = {name: keep(name) for name in ("attn_logits", "attn_scores")}
        return (stage_hooks(self._loaded, {**takers, "attn_probs": self._take}),)

    def reading(self) -> BatchSums:
        """See `SweepReader`."""
        sums, bins = [], []
        for statistic, values_BLNT in zip(OF_QUERIES, self._values.permute(2, 1, 0, 3, 4), strict=True):
            values = values_BLNT.double().contiguous()
            there = values.isfinite()
            there_or_not = values.where(there, torch.inf)
            bins.append(binned(statistic, there_or_not.permute(1, 2, 0, 3).flatten(2)))
            counted = values.where(there, 0)
            sums.append(torch.stack((there.sum(-1), counted.sum(-1), counted.square().sum(-1))).cpu().numpy())
        texts = of_texts(self._sums.cpu().numpy(), self._cells[..., 0].cpu().numpy())
        return BatchSums(np.stack(sums, 2), np.stack(bins), texts)

    def extremes(self) -> Extremes:
        """See `SweepReader`."""
        best = self._best.permute(2, 3, 0, 4, 1).double()
        best = best.masked_fill(best.isinf(), torch.nan).cpu().numpy()
        best[1] = -best[1]
        query, peak, first = self._where.permute(5, 2, 3, 0, 4, 1).cpu().numpy()
        return Extremes(best, query, peak, first, self._rows.permute(2, 3, 0, 4, 1, 5).cpu().numpy())

    def _take(self, info: LayerInfo, span: Span, probs: Tensor) -> None:
        """Reduce one block of all texts."""
        logits, scores = self._stages.pop("attn_logits"), self._stages.pop("attn_scores")
        B, N = probs.shape[:2]
        rows = slice(span.rows.start, span.rows.stop)
        sinks = None if info.sinks is None else torch.tensor(info.sinks, device=probs.device).repeat(B)
        places = self._all.places(span, info.mask)
        block = Block(*_side_by_side(logits, scores, probs), info.softcap, places, sinks)
        values_BFNQ = self._values[info.index, ..., rows]
        for name in _OF_ALL:
            values_BFNQ[:, _AT[name]] = _FOLDS[name](block).view(B, N, -1)
        seen_Q = block.places.shown.sum(-1)
        most_Q = seen_Q.log()
        values_BFNQ[:, _AT["spread"]] = values_BFNQ[:, _AT["entropy"]] / most_Q.where(most_Q > 0, torch.nan)
        values_BFNQ[:, _MASSES] = self._masses(info, span, probs)
        values_BFNQ.masked_fill_(self._missing_BFT[:, :, None, rows], torch.nan)
        self._add_sums(info.index, block, seen_Q, self._within_BT[:, None, rows])
        self._keep_extremes(info.index, span, values_BFNQ.where(seen_Q > 1, torch.nan), probs)

    def _masses(self, info: LayerInfo, span: Span, probs_BNQS: Tensor) -> Tensor:
        """`Masses` of every text, [B, 3, N, Q]; 0 in its padding."""
        B, N, Q, _ = probs_BNQS.shape
        masses_B3NQ = probs_BNQS.new_zeros(B, 3, N, Q)
        for text, probs_NQS, masses_3NQ in zip(self._texts, probs_BNQS, masses_B3NQ, strict=True):
            rows, keys = (range(part.start, min(part.stop, len(text))) for part in (span.rows, span.keys))
            if rows:
                weights_Q3S = text.places(Span(rows, keys), info.mask).weights
                masses_3NQ[..., : len(rows)] = masses(probs_NQS[:, : len(rows), : len(keys)], weights_Q3S)
        return masses_B3NQ

    def _add_sums(self, layer: int, block: Block, seen_Q: Tensor, within_B1Q: Tensor) -> None:
        """Add up what a text has one number of; all heads see as many cells."""
        B = len(within_B1Q)
        rows = row_saturation(block.logits, block.scores, block.places.shown, block.softcap, block.text.buffers)
        largest, half, most, bend = (
            each.view(B, -1, each.shape[-1]).where(within_B1Q, 0) for each in (rows.largest, *rows.sums)
        )
        for number, each_BNQ in enumerate((half, most, bend)):
            self._sums[layer, :, number] += each_BNQ.sum(-1, dtype=torch.double)
        largest_BN = self._sums[layer, :, 3]
        torch.maximum(largest_BN, largest.amax(-1).double(), out=largest_BN)
        self._cells[layer] += seen_Q.where(within_B1Q, 0).sum(-1, dtype=torch.double)

    def _keep_extremes(self, layer: int, span: Span, values_BFNQ: Tensor, probs_BNQS: Tensor) -> None:
        """Keep the rows of the block that are better than those of the blocks before.

        A query that sees one key has no choice: of it the value is NaN here, for it would be every head's strongest.
        """
        both_B2FNQ = torch.stack((values_BFNQ, -values_BFNQ), 1).nan_to_num_(-torch.inf)
        largest_B2FN, at_B2FN = both_B2FNQ.max(-1)
        best_B2FN = self._best[layer]
        better_B2FN = largest_B2FN > best_B2FN
        if not better_B2FN.any():
            return
        torch.maximum(best_B2FN, largest_B2FN, out=best_B2FN)
        where, row = _row(span, probs_BNQS, at_B2FN)
        for kept, new in ((self._where[layer], where), (self._rows[layer], row)):
            torch.where(better_B2FN[..., None], new, kept, out=kept)


def _side_by_side(logits: Tensor, scores: Tensor, probs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The heads of all texts in a row, [B N, Q, S]."""
    return logits.flatten(0, 1), scores.flatten(0, 1), probs.flatten(0, 1)


def _row(span: Span, probs_BNQS: Tensor, at_B2FN: Tensor) -> tuple[Tensor, Tensor]:
    """Query, most attended key, first key of the row [B, 2, F, N, 3]; the row around the peak [B, 2, F, N, W]."""
    B, N, _, S = probs_BNQS.shape
    texts, heads = (torch.arange(size, device=at_B2FN.device) for size in (B, N))
    row_B2FNS = probs_BNQS[texts[:, None, None, None], heads, at_B2FN]
    peak_B2FN = row_B2FNS.argmax(-1)
    first_B2FN = (peak_B2FN - WIDTH // 2).clamp(max=S - WIDTH).clamp(min=0)
    key_B2FNW = first_B2FN[..., None] + torch.arange(WIDTH, device=at_B2FN.device)
    row_B2FNW = row_B2FNS.gather(-1, key_B2FNW.clamp(max=S - 1)).masked_fill(key_B2FNW >= S, 0)
    start = span.keys.start
    where = torch.stack((at_B2FN + span.rows.start, peak_B2FN + start, first_B2FN + start), -1)
    return where, row_B2FNW
