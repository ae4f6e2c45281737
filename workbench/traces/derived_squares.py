"""A large part of a map made smaller as it is derived: squares of f x f cells become the one of largest magnitude.

Up to the row's own log-sum, the steps from a raw logit to a probability keep the order of the keys. So the keys of a
square are joined first, and cap and exponential are taken of one number in f.

Letters: Q query rows of a block, S keys, H head width, f cells of a side, s and q squares along the keys and queries.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from gemma2_workbench.model.equation import attention_logits, blocks, softcap
from gemma2_workbench.model.reason import Reason
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.traces.derive import LayerTensors, derive
from gemma2_workbench.traces.stages import Stage

# Rows handled at once, about: a block of all keys still fits in the cache of a few cores.
_BLOCK_ROWS = 256


class Squares(NamedTuple):
    """A map whose cells are squares.

    Attributes:
        values: the value of largest magnitude, float32 [ceil(rows / f), ceil(keys / f)]; NaN where none is visible.
        reasons: why all cells are hidden (the least of `model.Reason`), int8 of the same shape; 0 where one is visible.
    """

    values: Tensor
    reasons: Tensor


def derive_squares(
    info: LayerInfo, tensors: LayerTensors, head: int, stage: Stage, rows: range, keys: range, factor: int
) -> Squares:
    """One stage of one head, `factor` x `factor` cells as one; the last squares of a side may be smaller."""
    side = _Side(keys, factor)
    size = (len(_Side(rows, factor).squares(rows)), len(side.squares(keys)))
    value_qs = torch.full(size, torch.nan)
    reason_qs = torch.zeros(size, dtype=torch.int8)
    done = 0
    for block in blocks(rows, max(1, _BLOCK_ROWS // factor) * factor):
        block_qs = _reasons(info, block, side)
        own = slice(done, done := done + len(block_qs))
        reason_qs[own] = block_qs
        if seen := side.squares(info.mask.reach(block, keys) if stage.masked else keys):
            part = side.positions(seen)
            value_qs[own, seen.start : seen.stop] = _values(info, tensors, head, stage, block, part, factor)
    return Squares(value_qs, reason_qs)


class _Side(NamedTuple):
    """The keys of a map, cut into squares."""

    keys: range
    factor: int

    def squares(self, part: range) -> range:
        """The squares that some of the keys lie in."""
        start, stop = (each - self.keys.start for each in (part.start, part.stop))
        return range(start // self.factor, -(-stop // self.factor)) if part else range(0)

    def positions(self, squares: range) -> range:
        """All keys of some squares."""
        start, stop = (self.keys.start + self.factor * each for each in (squares.start, squares.stop))
        return range(start, min(stop, self.keys.stop))


def _values(
    info: LayerInfo, tensors: LayerTensors, head: int, stage: Stage, rows: range, keys: range, factor: int
) -> Tensor:
    """The most extreme values of a block, [q, s]."""
    ends = []
    for end_sQ, absent in _ends(info, tensors, head, stage, rows, keys, factor):
        end_qs = _joined(end_sQ.mT.contiguous(), factor, absent)
        ends.append(end_qs.masked_fill_(end_qs == absent, torch.nan))
    if len(ends) == 1:
        return ends[0]
    high_qs, low_qs = ends
    return torch.where(-low_qs > high_qs, low_qs, high_qs)


def _ends(
    info: LayerInfo, tensors: LayerTensors, head: int, stage: Stage, rows: range, keys: range, factor: int
) -> Iterator[tuple[Tensor, float]]:
    """The ends of a block, joined along the keys, [s, Q], with the number that stands where nothing is visible.

    First the largest values and -inf; then, of a signed stage, the smallest and inf.
    """
    absents = (-torch.inf, torch.inf) if stage.signed else (-torch.inf,)
    if not info.softmax or not info.staged or stage.name == "contribution":
        # Values differ in size, so that the order of the keys is not that of their logits.
        value_SQ = derive(info, tensors, head, stage, rows, keys).T.contiguous()
        for absent in absents:
            yield _joined(value_SQ.nan_to_num(absent, torch.inf, -torch.inf), factor, absent), absent
        return
    shared = tensors.q.shape[0] // tensors.k.shape[0]
    k_11SH = tensors.k[None, head // shared : head // shared + 1, keys.start : keys.stop]
    q_11QH = tensors.q[None, head : head + 1, rows.start : rows.stop]
    # Keys as rows: numbers that are joined lie in rows of their own, of which a processor compares many at once.
    logit_SQ = attention_logits(k_11SH, q_11QH, info.scale)[0, 0]
    hidden = info.mask.hidden_parts(rows, keys) if stage.masked else []
    for absent in absents:
        for part, hidden_1QS in hidden:
            logit_SQ[part].masked_fill_(hidden_1QS[0].T, absent)
        end_sQ = _joined(logit_SQ, factor, absent)
        is_absent_sQ = end_sQ == absent
        yield _from_logits(info, tensors, head, stage, rows, end_sQ).masked_fill_(is_absent_sQ, absent), absent


def _from_logits(
    info: LayerInfo, tensors: LayerTensors, head: int, stage: Stage, rows: range, logit_sQ: Tensor
) -> Tensor:
    """The steps of `derive` from raw logits, float32 [s, Q]."""
    if stage.name == "attn_logits":
        return logit_sQ.float()
    score_sQ = softcap(logit_sQ, info.softcap)
    if stage.name != "attn_probs":
        return score_sQ.float()
    return torch.exp(score_sQ.float() - tensors.log_sum[head, rows.start : rows.stop]).to(score_sQ.dtype).float()


def _reasons(info: LayerInfo, rows: range, side: _Side) -> Tensor:
    """The least reason of each square of a block, int8 [q, s]."""
    size = (-(-len(rows) // side.factor), len(side.squares(side.keys)))
    if not info.softmax:
        return torch.full(size, int(Reason.NO_SOFTMAX), dtype=torch.int8)
    reason_qs = torch.zeros(size, dtype=torch.int8)
    for part, is_uniform in info.mask.hidden_ranges(rows, side.keys):
        mixed = (touched := side.squares(part),)
        if is_uniform:
            reason_qs[:, touched.start : touched.stop] = info.mask.reasons(rows[:1], part[:1])[0]
            # At its ends, other keys may lie in a square too.
            ends = ((touched[:1], side.keys.start), (touched[-1:], side.keys.stop))
            mixed = tuple(end for end, edge in ends if edge not in (part.start, part.stop))
        for squares in mixed:
            reason_qs[:, squares.start : squares.stop] = _least(info, rows, side.positions(squares), side.factor)
    return reason_qs


def _least(info: LayerInfo, rows: range, keys: range, factor: int) -> Tensor:
    """The least reason of each square, every cell looked at, int8 [q, s]."""
    reason_QS = info.mask.reasons(rows, keys)[0]
    none = torch.iinfo(torch.int8).max
    return _joined(_joined(reason_QS.T.contiguous(), factor, none).T.contiguous(), factor, none)


def _joined(value_SQ: Tensor, factor: int, absent: float) -> Tensor:
    """The largest of each `factor` rows, or the smallest where the largest number stands for none, [s, Q]."""
    size, width = value_SQ.shape
    over = -size % factor
    if over:
        value_SQ = torch.cat([value_SQ, value_SQ.new_full((over, width), absent)])
    grouped_sfQ = value_SQ.view(-1, factor, width)
    return grouped_sfQ.amax(1) if absent < 0 else grouped_sfQ.amin(1)
