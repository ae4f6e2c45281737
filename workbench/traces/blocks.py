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

# exp of scores up to here, summed over any text, is far from the ends of float32: no need to subtract the largest.
_MODEST = 60.0


class Buffers:
    """Memory for temporaries of the size of a block, used again by every block: fresh memory costs more than the sums.

    What a buffer holds is gone when its number is asked for again.
    """

    def __init__(self) -> None:
        self._flat: dict[int, Tensor] = {}

    def take(self, number: int, shape: Sequence[int], device: torch.device) -> Tensor:
        """A float32 tensor of a shape with any contents."""
        size = torch.Size(shape).numel()
        if number not in self._flat or len(self._flat[number]) < size:
            self._flat[number] = torch.empty(size, dtype=torch.float32, device=device)
        return self._flat[number][:size].view(*shape)


@dataclass(frozen=True, eq=False)
class Text:
    """What all blocks of one text share.

    Attributes:
        ids: token ids [T].
        buffers: for temporaries.
    """

    ids: Tensor
    buffers: Buffers = field(default_factory=Buffers)

    def __len__(self) -> int:
        return len(self.ids)

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


@dataclass(frozen=True, eq=False)
class Saturation:
    """How far the raw logits of a block reach towards the cap, over its visible cells, float64 [N] each.

    Attributes:
        largest: largest |raw logit|, float32.
        beyond_half, beyond_most: cells whose |raw logit| is beyond 0.5 and 0.9 of the cap; 0 without a cap.
        bend: sum of |raw logit - softcapped logit|.
    """

    largest: Tensor
    beyond_half: Tensor
    beyond_most: Tensor
    bend: Tensor


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
        span: the absolute rows and keys.
        logits, scores, probs: [N, Q, S] float32; not to be written to.
        visible: [Q, S] bool.
        softcap: the layer's cap, None if off.
        text: the text it is of.
        sinks: the logit of each head's learned sink, which takes a share of every row, float32 [N]; None without.
    """

    span: Span
    logits: Tensor
    scores: Tensor
    probs: Tensor
    visible: Tensor
    softcap: float | None
    text: Text
    sinks: Tensor | None = None
    _tops: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict, init=False)

    @cached_property
    def rows(self) -> Tensor:
        """Positions of the queries, float32 [Q]."""
        return torch.arange(self.span.rows.start, self.span.rows.stop, dtype=torch.float32, device=self.probs.device)

    @cached_property
    def keys(self) -> Tensor:
        """Positions of the keys, float32 [S]."""
        return torch.arange(self.span.keys.start, self.span.keys.stop, dtype=torch.float32, device=self.probs.device)

    @cached_property
    def shown(self) -> Tensor:
        """1 where a cell is visible, 0 elsewhere, float32 [Q, S]."""
        return self.visible.float()

    @cached_property
    def log_sum(self) -> Tensor:
        """Log of the softmax denominator over the visible keys, and the sink if there is one, [N, Q]."""
        if self.softcap is None or self.softcap > _MODEST:
            sums_NQ = self.scores.masked_fill(~self.visible, -torch.inf).logsumexp(-1)
        else:
            sums_NQ = torch.exp(self.scores, out=self.temporary()).mul_(self.shown).sum(-1).log_()
        return sums_NQ if self.sinks is None else torch.logaddexp(sums_NQ, self.sinks[:, None])

    @cached_property
    def saturation(self) -> Saturation:
        """See `Saturation`: one pass over the raw logits."""
        raw_NQS = torch.mul(self.logits, self.shown, out=self.temporary())
        none_N = raw_NQS.new_zeros(len(raw_NQS), dtype=torch.double)
        if self.softcap is None:
            return Saturation(raw_NQS.abs_().amax((1, 2)), none_N, none_N, none_N)
        other_NQS = self.temporary(1)
        bent_NQS = torch.addcmul(raw_NQS, self.scores, self.shown, value=-1, out=other_NQS)
        bend_N = _total(bent_NQS.abs_())
        sizes_NQS = raw_NQS.abs_()
        half_N, most_N = (_total(torch.gt(sizes_NQS, share * self.softcap, out=other_NQS)) for share in (0.5, 0.9))
        return Saturation(sizes_NQS.amax((1, 2)), half_N, most_N, bend_N)

    @cached_property
    def masses(self) -> Masses:
        """See `Masses`: what is linear in the probabilities, as one product of matrices."""
        _, Q, S = self.probs.shape
        weights_Q3S = self.text.buffers.take(2, (Q, 3, S), self.probs.device)
        rows, keys, kinds = self.span.rows, self.span.keys, self.text.kinds
        # Against the key before the first too, if there is one: what follows an occurrence is one place later.
        before = int(keys.start > 0)
        same = torch.eq(
            kinds[rows.start : rows.stop, None],
            kinds[keys.start - before : keys.stop],
            out=self.text.buffers.take(3, (Q, S + before), self.probs.device),
        )
        back = torch.sub(self.rows[:, None], self.keys, out=weights_Q3S[:, 0])
        earlier = torch.gt(back, 0, out=self.text.buffers.take(4, (Q, S), self.probs.device))
        back.abs_()
        torch.mul(same[:, before:], earlier, out=weights_Q3S[:, 1])
        weights_Q3S[:, 2, 0] = 0
        torch.mul(same[:, :-1], earlier[:, 1 - before :], out=weights_Q3S[:, 2, 1 - before :])
        distance, duplicate, followers = torch.bmm(self.probs.transpose(0, 1), weights_Q3S.mT).permute(2, 1, 0)
        return Masses(distance, duplicate, followers)

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
        def hook(_module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
            whole = (stages.pop("attn_logits"), stages.pop("attn_scores"), out)
            for number, text in enumerate(texts):
                block = _block(info, args[1], [stage[number] for stage in whole], text)
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


def _block(info: LayerInfo, span: Span, stages_NQS: Sequence[Tensor], text: Text) -> Block | None:
    """The block without the padding behind the text; None where it is all padding."""
    rows, keys = (range(part.start, min(part.stop, len(text))) for part in (span.rows, span.keys))
    if not rows or not keys:
        return None
    logits, scores, probs = (stage[:, : len(rows), : len(keys)].detach().float() for stage in stages_NQS)
    visible_QS = ~info.mask.hidden(rows, keys, logits.device)[0]
    sinks_N = None if info.sinks is None else torch.tensor(info.sinks, device=logits.device)
    return Block(Span(rows, keys), logits, scores, probs, visible_QS, info.softcap, text, sinks_N)


def _total(cells_NQS: Tensor) -> Tensor:
    """The sum of each head; rows in float32, which counts them exactly, and rows together in float64, [N]."""
    return cells_NQS.sum(-1).sum(-1, dtype=torch.double)
