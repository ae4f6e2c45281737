"""The stages of attention derived from q, k and v, with the functions that the model itself uses."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.brief import by_fields
from gemma2_workbench.model.equation import attention_logits, blocks, softcap
from gemma2_workbench.model.reason import Reason
from gemma2_workbench.models.layers import LayerInfo, Shape
from gemma2_workbench.traces.stages import Stage

# Of a large part of a map, rows handled at once: of each such block only the keys that a row of it sees are derived.
_BLOCK_ROWS = 512
_LARGE = _BLOCK_ROWS**2


@dataclass(frozen=True)
class LayerTensors:
    """What a trace keeps of one layer; all stages follow from it.

    Attributes:
        q: rotated queries [N, T, H]; where a model shows maps only, the probabilities [N, T, T], and k, v of width 0.
        k: rotated keys [G, T, H].
        v: values [G, T, H].
        log_sum: log of the sum of exp(s_ij) over the visible keys, float32 [N, T].
        value_norms: || W_O v_j || for each head, float32 [N, T]; [0, T] where no output projection is known.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    log_sum: Tensor
    value_norms: Tensor

    def __repr__(self) -> str:
        return by_fields(self)

    @classmethod
    def of_nothing(cls, shape: Shape, tokens: int, dtype: torch.dtype) -> "LayerTensors":
        """What is kept of a layer without softmax: vectors of width 0."""
        q, k, v = (
            torch.zeros(heads, tokens, 0, dtype=dtype) for heads in (shape.heads, shape.kv_heads, shape.kv_heads)
        )
        none_NT = torch.zeros(shape.heads, tokens)
        return cls(q, k, v, none_NT, none_NT.clone())


def derive(info: LayerInfo, tensors: LayerTensors, head: int, stage: Stage, rows: range, keys: range) -> Tensor:
    """One stage of one head for some queries and keys, float32 [Q, S]; NaN where the mask leaves no value."""
    if not info.softmax:
        return torch.full((len(rows), len(keys)), torch.nan)
    if not info.staged:
        return _of_map(info, tensors, head, stage, rows, keys)
    if not stage.masked or len(rows) * len(keys) <= _LARGE:
        return _derived(info, tensors, head, stage, rows, keys)
    value_QS = torch.full((len(rows), len(keys)), torch.nan)
    for block in blocks(rows, _BLOCK_ROWS):
        seen = info.mask.reach(block, keys)
        if seen:
            own, at = _within(block, rows), _within(seen, keys)
            value_QS[own, at] = _derived(info, tensors, head, stage, block, seen)
    return value_QS


def _derived(info: LayerInfo, tensors: LayerTensors, head: int, stage: Stage, rows: range, keys: range) -> Tensor:
    """`derive`, in one go."""
    shared = tensors.q.shape[0] // tensors.k.shape[0]
    # Copies, because the last bits of a product depend on where its factors lie in memory: the same rows of a trace
    # from a file and of one just captured must give the same bytes.
    q_11QH = tensors.q[None, head : head + 1, rows.start : rows.stop].clone()
    k_11SH = tensors.k[None, head // shared : head // shared + 1, keys.start : keys.stop].clone()
    value_11QS = attention_logits(q_11QH, k_11SH, info.scale)
    if stage.name != "attn_logits":
        value_11QS = softcap(value_11QS, info.softcap)
    value_QS = value_11QS[0, 0]
    if stage.name in ("attn_probs", "contribution"):
        log_sum_Q1 = tensors.log_sum[head, rows.start : rows.stop, None]
        value_QS = torch.exp(value_QS.float() - log_sum_Q1).to(value_QS.dtype)
    value_QS = value_QS.float()
    if stage.name == "contribution":
        if not len(tensors.value_norms):
            raise ValueError(f"layer {info.index} has no output projection that is known, so no contribution of a key")
        value_QS = value_QS * tensors.value_norms[head, keys.start : keys.stop]
    if stage.masked:
        for part, hidden_1QS in info.mask.hidden_parts(rows, keys):
            value_QS[:, part].masked_fill_(hidden_1QS[0], torch.nan)
    return value_QS


def _of_map(info: LayerInfo, tensors: LayerTensors, head: int, stage: Stage, rows: range, keys: range) -> Tensor:
    """The probabilities that a model gave itself, which are all that is known.

    Raises:
        ValueError: another stage.
    """
    if stage.name != "attn_probs":
        raise ValueError(f"of this model the probabilities alone are known (maps only), no {stage.label}")
    value_QS = tensors.q[head, rows.start : rows.stop, keys.start : keys.stop].float()
    return value_QS.masked_fill(reasons(info, rows, keys) != Reason.VISIBLE, torch.nan)


def reasons(info: LayerInfo, rows: range, keys: range) -> Tensor:
    """Why each cell is hidden, int8 [Q, S] of `model.Reason`: the model's own rule, not a second one."""
    if not info.softmax:
        return torch.full((len(rows), len(keys)), int(Reason.NO_SOFTMAX), dtype=torch.int8)
    if len(rows) * len(keys) <= _LARGE:
        return info.mask.reasons(rows, keys)[0]
    reason_QS = torch.full((len(rows), len(keys)), int(Reason.VISIBLE), dtype=torch.int8)
    for block in blocks(rows, _BLOCK_ROWS):
        own = _within(block, rows)
        for part, is_uniform in info.mask.hidden_ranges(block, keys):
            # Where all cells have one reason, that of the first is enough.
            row, key = (range(each.start, each.start + 1) if is_uniform else each for each in (block, part))
            reason_QS[own, _within(part, keys)] = info.mask.reasons(row, key)[0]
    return reason_QS


def _within(part: range, whole: range) -> slice:
    """Where a part of some positions lies among them."""
    return slice(part.start - whole.start, part.stop - whole.start)
