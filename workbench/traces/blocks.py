"""`Block`: one block of query rows of one layer with every stage, as the folds see it during the pass."""

from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Span
from gemma2_workbench.traces import fused
from gemma2_workbench.traces.fused import Sums
from gemma2_workbench.traces.logit_sums import Saturation, mean_scores, row_sums, saturation, uncapped
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
        known_log_sum: `log_sum`, where it was known before the block; then there is no cap, and hidden logits are 0.
        is_softmax: whether the probabilities are the softmax of the scores, neither rounded nor replaced.
    """

    logits: Tensor
    scores: Tensor
    probs: Tensor
    softcap: float | None
    places: Places
    sinks: Tensor | None = None
    known_log_sum: Tensor | None = None
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
        return self._row_sums[0] if self.known_log_sum is None else self.known_log_sum

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
        if self.known_log_sum is None:
            sums_NQ, means_NQ = row_sums(self.scores, self.probs, self.places.shown, self.softcap, self.text.buffers)
            if self.sinks is not None:
                sums_NQ = torch.logaddexp(sums_NQ, self.sinks[:, None])
        else:
            sums_NQ, means_NQ = self.known_log_sum, mean_scores(self.scores, self.probs, self.text.buffers)
        if self.sinks is None:
            return sums_NQ, means_NQ
        return sums_NQ, means_NQ + torch.exp(self.sinks[:, None] - sums_NQ) * self.sinks[:, None]

    @cached_property
    def saturation(self) -> Saturation:
        """How far the raw logits reach towards the cap."""
        if self._fused is not None:
            return self._fused.saturation
        if self.known_log_sum is not None:
            return uncapped(self.logits)
        return saturation(self.logits, self.scores, self.places.shown, self.softcap, self.text.buffers)

    @cached_property
    def masses(self) -> Masses:
        """See `Masses`: what is linear in the probabilities, as one product of matrices."""
        if self._fused is not None:
            return Masses(self._fused.distance, self._fused.duplicate, self._fused.followers)
        return Masses(*masses(self.probs, self.places.weights))

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


def masses(probs_NQS: Tensor, weights_Q3S: Tensor) -> Tensor:
    """The three of `Masses`, [3, N, Q]; the weights are those of `Places`."""
    return torch.bmm(probs_NQS.transpose(0, 1), weights_Q3S.mT).permute(2, 1, 0)
