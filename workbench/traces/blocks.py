"""What folds see during the pass: `Sums` of some rows of a layer, and `Block`, which has their stages too."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Span
from gemma2_workbench.traces.logit_sums import Saturation, mean_scores, row_sums, saturation, uncapped
from gemma2_workbench.traces.pooling import THUMBNAIL, largest_cells
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


class Sums(Protocol):
    """The sums over some rows of a layer, of a block or of all of them."""

    @property
    def heads(self) -> int:
        """N."""
        ...

    @property
    def span(self) -> Span:
        """The absolute rows and keys."""
        ...

    @property
    def places(self) -> Places:
        """What they share with others of the same rows and keys."""
        ...

    @property
    def visible(self) -> int:
        """Number of visible cells of a head."""
        ...

    @property
    def log_sum(self) -> Tensor:
        """Log of the softmax denominator over the visible keys, and the sink if there is one, [N, Q]."""
        ...

    @property
    def entropy(self) -> Tensor:
        """-sum p ln p over the keys, nats, [N, Q]."""
        ...

    @property
    def masses(self) -> Masses:
        """See `Masses`."""
        ...

    @property
    def saturation(self) -> Saturation:
        """How far the raw logits reach towards the cap."""
        ...

    @property
    def first_token(self) -> Tensor:
        """Probability on position 0, 0 where a window hides it, [N, Q]."""
        ...

    def diagonal(self, back: int) -> Tensor:
        """Probability on the key `back` places before each query, 0 where there is none, [N, Q]."""
        ...

    @property
    def received(self) -> Tensor:
        """Probability that each key receives from all queries, [N, S]."""
        ...

    @property
    def thumbnail(self) -> Tensor:
        """Largest probability in each cell of a small picture of the map, [N, k, k]."""
        ...


@dataclass(frozen=True, eq=False)
class Block:
    """One block of query rows of one layer, all heads, with every stage.

    Attributes:
        logits, scores, probs: [N, Q, S] float32; not to be written to.
        softcap: the layer's cap, None if off.
        places: its rows and keys, and what all blocks of these share.
        sinks: the logit of each head's learned sink, which takes a share of every row, float32 [N]; None without.
        known_log_sum: `log_sum`, where it was known before the block; then there is no cap, and hidden logits are 0.
    """

    logits: Tensor
    scores: Tensor
    probs: Tensor
    softcap: float | None
    places: Places
    sinks: Tensor | None = None
    known_log_sum: Tensor | None = None
    _tops: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict, init=False)

    @property
    def heads(self) -> int:
        """See `Sums`."""
        return len(self.probs)

    @property
    def span(self) -> Span:
        """See `Sums`."""
        return self.places.span

    @property
    def visible(self) -> int:
        """See `Sums`."""
        return self.places.visible

    @property
    def text(self) -> Text:
        """The text it is of."""
        return self.places.text

    @property
    def log_sum(self) -> Tensor:
        """See `Sums`."""
        return self._row_sums[0] if self.known_log_sum is None else self.known_log_sum

    @property
    def entropy(self) -> Tensor:
        """See `Sums`: with p = exp(s - log Z), log Z - sum p s, one logarithm a row.

        A learned sink is one more place that attention can go to.
        """
        log_sum_NQ, mean_score_NQ = self._row_sums
        return (log_sum_NQ - mean_score_NQ).clamp_(min=0)

    @cached_property
    def _row_sums(self) -> tuple[Tensor, Tensor]:
        if self.known_log_sum is None:
            sums_NQ, means_NQ = row_sums(self.scores, self.probs, self.places.shown, self.softcap, self.text.buffers)
            if self.sinks is not None:
                sums_NQ = torch.logaddexp(sums_NQ, self.sinks[:, None])
        else:
            sums_NQ, means_NQ = self.known_log_sum, mean_scores(self.scores, self.probs, self.text.buffers)
        if self.sinks is None:
            return sums_NQ, means_NQ
        return sums_NQ, means_NQ + torch.exp(self.sinks[:, None] - sums_NQ) * self.sinks[:, None]

    @property
    def saturation(self) -> Saturation:
        """See `Sums`."""
        return self._saturation

    @cached_property
    def _saturation(self) -> Saturation:
        if self.known_log_sum is not None:
            return uncapped(self.logits)
        return saturation(self.logits, self.scores, self.places.shown, self.softcap, self.text.buffers)

    @property
    def masses(self) -> Masses:
        """See `Sums`: what is linear in the probabilities, as one product of matrices."""
        return self._masses

    @cached_property
    def _masses(self) -> Masses:
        return Masses(*masses(self.probs, self.places.weights))

    @property
    def received(self) -> Tensor:
        """See `Sums`."""
        return self.probs.sum(1)

    @property
    def thumbnail(self) -> Tensor:
        """See `Sums`."""
        return largest_cells(self.probs, self.span, len(self.text), THUMBNAIL)

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

    @property
    def first_token(self) -> Tensor:
        """See `Sums`."""
        first_NQ = self.probs[..., 0]
        return first_NQ if self.span.keys.start == 0 else torch.zeros_like(first_NQ)

    def diagonal(self, back: int) -> Tensor:
        """See `Sums`."""
        start = self.span.rows.start - back - self.span.keys.start
        found_NQ = self.probs.new_zeros(self.probs.shape[:2])
        cells_Nk = self.probs.diagonal(start, 1, 2)
        first = max(0, -start)
        found_NQ[:, first : first + cells_Nk.shape[1]] = cells_Nk
        return found_NQ


def masses(probs_NQS: Tensor, weights_Q3S: Tensor) -> Tensor:
    """The three of `Masses`, [3, N, Q]; the weights are those of `Places`."""
    return torch.bmm(probs_NQS.transpose(0, 1), weights_Q3S.mT).permute(2, 1, 0)
