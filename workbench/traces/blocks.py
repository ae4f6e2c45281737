"""`Block`: one block of query rows of one layer with every stage, as the folds see it during the pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook, Span
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source
from gemma2_workbench.traces import fused
from gemma2_workbench.traces.fused import Sums
from gemma2_workbench.traces.logit_sums import Saturation, row_sums, saturation
from gemma2_workbench.traces.pieces import Buffers
from gemma2_workbench.traces.pooling import THUMBNAIL, largest_cells, largest_columns
from gemma2_workbench.traces.text import Places, Text


@dataclass(frozen=True, eq=False)
class Masses:
    """Sums over the keys of probability times something, [N, Q] each.

    Attributes:
        distance: times |query - key|.
        duplicate: on earlier occurrences of the query's token.
        followers: on what followed them, before the query.
    """

    distance: Tensor
    duplicate: Tensor
    followers: Tensor


@dataclass(frozen=True, eq=False)
class Block:
    """One block of query rows of one layer, all heads, with every stage.

    Attributes:
        logits, scores, probs: [N, Q, S] float32; not to be written to.
        softcap: the layer's cap, None if off.
        places: its rows and keys, and what all blocks of these share.
        sinks: the logit of each head's learned sink, which takes a share of every row, float32 [N]; None without.
        is_softmax: whether the probabilities are the softmax of the scores, neither rounded nor replaced.
    """

    logits: Tensor
    scores: Tensor
    probs: Tensor
    softcap: float | None
    places: Places
    sinks: Tensor | None = None
    is_softmax: bool = False
    _tops: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict, init=False)

    @property
    def span(self) -> Span:
        """The absolute rows and keys."""
        return self.places.span

    @property
    def text(self) -> Text:
        """The text it is of."""
        return self.places.text

    @property
    def log_sum(self) -> Tensor:
        """Log of the softmax denominator over the visible keys, and the sink if there is one, [N, Q]."""
        return self._row_sums[0]

    @property
    def entropy(self) -> Tensor:
        """-sum p ln p over the keys, nats, [N, Q]: with p = exp(s - log Z), log Z - sum p s, one logarithm a row.

        A learned sink is one more place that attention can go to.
        """
        log_sum_NQ, mean_score_NQ = self._row_sums
        return (log_sum_NQ - mean_score_NQ).clamp_(min=0)

    @cached_property
    def _fused(self) -> Sums | None:
        """All sums at once, where they can be; each by itself otherwise."""
        stages = self.logits, self.scores, self.probs
        if not self.is_softmax or self.sinks is not None or not fused.suits(stages, len(self.text)):
            return None
        return fused.sums(*stages, self.softcap, self.places)

    @cached_property
    def _row_sums(self) -> tuple[Tensor, Tensor]:
        if self._fused is not None:
            return self._fused.log_sum, self._fused.score
        sums_NQ, means_NQ = row_sums(self.scores, self.probs, self.places.shown, self.softcap, self.text.buffers)
        if self.sinks is None:
            return sums_NQ, means_NQ
        sums_NQ = torch.logaddexp(sums_NQ, self.sinks[:, None])
        return sums_NQ, means_NQ + torch.exp(self.sinks[:, None] - sums_NQ) * self.sinks[:, None]

    @cached_property
    def saturation(self) -> Saturation:
        """How far the raw logits reach towards the cap."""
        if self._fused is not None:
            return self._fused.saturation
        return saturation(self.logits, self.scores, self.places.shown, self.softcap, self.text.buffers)

    @cached_property
    def masses(self) -> Masses:
        """See `Masses`: what is linear in the probabilities, as one product of matrices."""
        if self._fused is not None:
            return Masses(self._fused.distance, self._fused.duplicate, self._fused.followers)
        return Masses(*torch.bmm(self.probs.transpose(0, 1), self.places.weights.mT).permute(2, 1, 0))

    @property
    def received(self) -> Tensor:
        """Probability that each key receives from all queries of the block, [N, S]."""
        return self.probs.sum(1) if self._fused is None else self._fused.received

    @property
    def thumbnail(self) -> Tensor:
        """Largest probability in each cell of a small picture of the map, [N, k, k]."""
        if self._fused is None:
            return largest_cells(self.probs, self.span, len(self.text), THUMBNAIL)
        return largest_columns(self._fused.by_row, self.span, len(self.text), THUMBNAIL)

    def top(self, count: int) -> tuple[Tensor, Tensor]:
        """The largest probabilities of each query and the columns they stand in, [N, Q, K]; K is at most T.

        A block of fewer columns is filled up with 0.
        """
        if count not in self._tops:
            wanted, S = min(count, len(self.text)), len(self.span.keys)
            mass_NQK, at_NQK = self.probs.topk(min(wanted, S))
            missing = (0, wanted - mass_NQK.shape[-1])
            self._tops[count] = nn.functional.pad(mass_NQK, missing), nn.functional.pad(at_NQK, missing)
        return self._tops[count]

    def temporary(self, number: int = 0) -> Tensor:
        """Memory of the size of the block with any contents, [N, Q, S]: of `Buffers`, whose warning holds here."""
        return self.text.buffers.take(number, self.probs.shape, self.probs.device)

    def diagonal(self, back: int) -> Tensor:
        """Probability on the key `back` places before each query, 0 where the block holds none, [N, Q]."""
        start = self.span.rows.start - back - self.span.keys.start
        found_NQ = self.probs.new_zeros(self.probs.shape[:2])
        cells_Nk = self.probs.diagonal(start, 1, 2)
        first = max(0, -start)
        found_NQ[:, first : first + cells_Nk.shape[1]] = cells_Nk
        return found_NQ


Take = Callable[[int, int, Block], None]


def block_hooks(loaded: Source, ids_BT: Tensor, lengths: Sequence[int], takers: Sequence[Take]) -> dict[str, Hook]:
    """Hooks that hand every block of every layer to each of `takers`, as (layer, text, block), padding cut off.

    Args:
        loaded: the model as it is run.
        ids_BT: the batch, padded on the right.
        lengths: tokens of each text.
        takers: who takes the blocks.
    """
    stages: dict[str, Tensor] = {}
    buffers = Buffers()
    texts = [Text(ids_BT[text, :length], buffers) for text, length in enumerate(lengths)]

    def keep(name: str) -> Hook:
        def hook(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> None:
            stages[name] = out

        return hook

    def hand_over(info: LayerInfo) -> Hook:
        def hook(module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
            # Another hook may have replaced the probabilities.
            is_softmax = info.staged and out.dtype == torch.float32 and len(module._forward_hooks) == 1
            whole = (stages.pop("attn_logits"), stages.pop("attn_scores"), out)
            for number, text in enumerate(texts):
                block = _block(info, args[1], [stage[number] for stage in whole], text, is_softmax)
                if block is not None:
                    for take in takers:
                        take(info.index, number, block)

        return hook

    hooks: dict[str, Hook] = {}
    for info in loaded.layers:
        if not info.softmax:
            continue
        hooks |= {loaded.point(info.index, name): keep(name) for name in ("attn_logits", "attn_scores")}
        hooks[loaded.point(info.index, "attn_probs")] = hand_over(info)
    return hooks


def _block(info: LayerInfo, span: Span, stages_NQS: Sequence[Tensor], text: Text, is_softmax: bool) -> Block | None:
    """The block without the padding behind the text; None where it is all padding."""
    rows, keys = (range(part.start, min(part.stop, len(text))) for part in (span.rows, span.keys))
    if not rows or not keys:
        return None
    logits, scores, probs = (stage[:, : len(rows), : len(keys)].detach().float() for stage in stages_NQS)
    sinks_N = None if info.sinks is None else torch.tensor(info.sinks, device=logits.device)
    return Block(logits, scores, probs, info.softcap, text.places(Span(rows, keys), info.mask), sinks_N, is_softmax)
