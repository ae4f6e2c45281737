"""`Text`, what all blocks of one text share, and `Places`, what the blocks of the same rows and keys share.

Letters: T tokens, Q query rows of a block, S keys.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from gemma2_workbench.model.hooks import Span
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.traces.pieces import Buffers

# Tokens of the longest text whose places are kept from layer to layer: they take 21 bytes a cell of its map and mask.
_KEPT = 512


@dataclass(frozen=True, eq=False)
class Text:
    """What all blocks of one text share.

    Attributes:
        ids: token ids [T].
        buffers: for temporaries.
    """

    ids: Tensor
    buffers: Buffers = field(default_factory=Buffers)
    _places: dict[tuple[Span, int | None, bool, int | None], "Places"] = field(default_factory=dict, init=False)

    def __len__(self) -> int:
        return self.ids.shape[0]

    @cached_property
    def kinds(self) -> Tensor:
        """The ids as float32 [T], which holds them exactly: comparing these is several times faster."""
        return self.ids.float()

    @cached_property
    def first_seen(self) -> Tensor:
        """Where the token of each position stands first, [T]."""
        places = torch.arange(len(self.ids), device=self.ids.device)
        kinds, kind_T = torch.unique(self.ids, return_inverse=True)
        first = torch.full_like(kinds, len(self.ids)).scatter_reduce_(0, kind_T, places, "amin")
        return first[kind_T]

    @cached_property
    def earlier(self) -> np.ndarray:
        """Where the token of each position stood last before it, int64 [T]; -1 for nowhere."""
        ids = self.ids.cpu().numpy()
        order = np.argsort(ids, kind="stable")
        same = ids[order[1:]] == ids[order[:-1]]
        earlier = np.full(len(ids), -1, dtype=np.int64)
        earlier[order[1:][same]] = order[:-1][same]
        return earlier

    @cached_property
    def distances(self) -> np.ndarray:
        """|query - key| by key minus query, from 1 - T to T - 1, float32."""
        return np.abs(np.arange(1 - len(self), len(self), dtype=np.float32))

    @cached_property
    def whole(self) -> "Places":
        """All rows and keys, for what does not depend on the mask of a layer."""
        every = range(len(self))
        return Places(self, Span(every, every), Mask(), kept=False)

    def places(self, span: Span, mask: Mask) -> "Places":
        """What the blocks of these rows and keys share under the mask of a layer."""
        if len(self) > _KEPT:
            return Places(self, span, mask, kept=False)
        # Layers of different kinds share them in a text that no window cuts.
        mask = mask.within(len(self))
        key = span, mask.window, mask.causal, mask.chunk
        if key not in self._places:
            self._places[key] = Places(self, span, mask, kept=True)
        return self._places[key]


@dataclass(frozen=True, eq=False)
class Places:
    """What all heads share in a block of some rows and keys.

    Attributes:
        text: the text it is of.
        span: the absolute rows and keys.
        mask: which of them are visible.
        kept: whether it outlives its block; if not, its tensors are in the buffers of the text.
    """

    text: Text
    span: Span
    mask: Mask
    kept: bool

    @property
    def device(self) -> torch.device:
        """Where its tensors are."""
        return self.text.ids.device

    @cached_property
    def rows(self) -> Tensor:
        """Positions of the queries, float32 [Q]."""
        return self._positions(self.span.rows)

    @cached_property
    def keys(self) -> Tensor:
        """Positions of the keys, float32 [S]."""
        return self._positions(self.span.keys)

    @cached_property
    def shown(self) -> Tensor:
        """1 where a cell is visible, 0 elsewhere, float32 [Q, S]."""
        rows, keys = self.span.rows, self.span.keys
        shown_QS = self._memory(10, (len(rows), len(keys))).fill_(1)
        for part, hidden_1QS in self.mask.hidden_parts(rows, keys, self.device):
            torch.logical_not(hidden_1QS[0], out=shown_QS[:, part])
        return shown_QS

    @cached_property
    def seen(self) -> tuple[np.ndarray, np.ndarray]:
        """The first visible key of each query and the one after the last, within the block, int64 [Q] each."""
        return seen_keys(self.span, self.mask)

    @cached_property
    def visible(self) -> int:
        """Number of visible cells."""
        return visible_cells(self.span, self.mask)

    @cached_property
    def weights(self) -> Tensor:
        """What a probability counts times, float32 [Q, 3, S].

        Its distance |query - key|; 1 where the key is an earlier occurrence of the token of the query; 1 where it
        follows one and comes before the query.
        """
        rows, keys, kinds = self.span.rows, self.span.keys, self.text.kinds
        Q, S, device = len(rows), len(keys), self.device
        weights_Q3S = self._memory(11, (Q, 3, S))
        # Against the key before the first too, if there is one: what follows an occurrence is one place later.
        before = int(keys.start > 0)
        same = torch.eq(
            kinds[rows.start : rows.stop, None],
            kinds[keys.start - before : keys.stop],
            out=self.text.buffers.take(12, (Q, S + before), device),
        )
        back = torch.sub(self.rows[:, None], self.keys, out=weights_Q3S[:, 0])
        earlier = torch.gt(back, 0, out=self.text.buffers.take(13, (Q, S), device))
        back.abs_()
        torch.mul(same[:, before:], earlier, out=weights_Q3S[:, 1])
        weights_Q3S[:, 2, 0] = 0
        torch.mul(same[:, :-1], earlier[:, 1 - before :], out=weights_Q3S[:, 2, 1 - before :])
        return weights_Q3S

    @cached_property
    def never_before(self) -> Tensor:
        """Queries whose token did not occur before, seen or not, bool [Q]."""
        return self._since_first < 1

    @cached_property
    def never_followed(self) -> Tensor:
        """Queries of which no earlier occurrence is followed by a token before the query, bool [Q]."""
        return self._since_first < 2

    @cached_property
    def _since_first(self) -> Tensor:
        return self.rows - self.text.first_seen[self.span.rows.start : self.span.rows.stop]

    def _positions(self, part: range) -> Tensor:
        return torch.arange(part.start, part.stop, dtype=torch.float32, device=self.device)

    def _memory(self, number: int, shape: tuple[int, ...]) -> Tensor:
        if self.kept:
            return torch.empty(shape, dtype=torch.float32, device=self.device)
        return self.text.buffers.take(number, shape, self.device)


@lru_cache(maxsize=1024)
def seen_keys(span: Span, mask: Mask) -> tuple[np.ndarray, np.ndarray]:
    """See `Places.seen`; the same in every layer of a kind."""
    Q, S = len(span.rows), len(span.keys)
    first_Q, stop_Q = np.zeros(Q, dtype=np.int64), np.full(Q, S, dtype=np.int64)
    for part, hidden_1QK in mask.hidden_parts(span.rows, span.keys):
        shown_QK = ~hidden_1QK[0].numpy()
        any_Q = shown_QK.any(1)
        if part.start == 0:
            first_Q = np.where(any_Q, shown_QK.argmax(1), part.stop)
        if part.stop == S:
            stop_Q = np.where(any_Q, S - shown_QK[:, ::-1].argmax(1), part.start)
    return first_Q, stop_Q


@lru_cache(maxsize=1024)
def visible_cells(span: Span, mask: Mask) -> int:
    """See `Places.visible`."""
    first_Q, stop_Q = seen_keys(span, mask)
    return int((stop_Q - first_Q).sum())
