"""The five stages of one attention cell, derived from q, k and v with the functions that the model itself uses."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gemma2_workbench.brief import by_fields
from gemma2_workbench.model.equation import attention_logits, softcap
from gemma2_workbench.model.masks import Reason
from gemma2_workbench.models.layers import LayerInfo


@dataclass(frozen=True)
class Stage:
    """One stage of the attention equation.

    Attributes:
        name: its name everywhere: hook point, route, file, option.
        label: what to write on an axis or a button.
        formula: how it comes from the stage before; i is the query, j the key.
        signed: whether values can be negative (drawn on a diverging scale).
        masked: whether hidden cells have no value.
    """

    name: str
    label: str
    formula: str
    signed: bool
    masked: bool


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("attn_logits", "raw logit", "a_ij = q_i . k_j / sqrt(query_pre_attn_scalar)", True, False),
        Stage("attn_scores", "after softcap", "s_ij = c tanh(a_ij / c)", True, False),
        Stage("attn_masked", "after mask", "s_ij where the mask lets query i see key j", True, True),
        Stage("attn_probs", "probability", "p_ij = exp(s_ij) / sum over visible k of exp(s_ik)", False, True),
        Stage("contribution", "contribution", "|| p_ij W_O v_j ||, before the post-attention norm", False, True),
    )
}


@dataclass(frozen=True)
class LayerTensors:
    """What a trace keeps of one layer; all stages follow from it.

    Attributes:
        q: rotated queries [N, T, H].
        k: rotated keys [G, T, H].
        v: values [G, T, H].
        log_sum: log of the sum of exp(s_ij) over the visible keys, float32 [N, T].
        value_norms: || W_O v_j || for each head, float32 [N, T].
    """

    q: Tensor
    k: Tensor
    v: Tensor
    log_sum: Tensor
    value_norms: Tensor

    def __repr__(self) -> str:
        return by_fields(self)


def checked_stage(name: str) -> Stage:
    """The stage called `name`.

    Raises:
        ValueError: there is no such stage.
    """
    if name not in STAGES:
        raise ValueError(f"there is no stage {name!r}; the stages are {', '.join(STAGES)}")
    return STAGES[name]


def derive(info: LayerInfo, tensors: LayerTensors, head: int, stage: Stage, rows: range, keys: range) -> Tensor:
    """One stage of one head for some queries and keys, float32 [Q, S]; NaN where the mask leaves no value."""
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
        value_QS = value_QS * tensors.value_norms[head, keys.start : keys.stop]
    if stage.masked:
        hidden_QS = reasons(info, rows, keys) != Reason.VISIBLE
        value_QS = value_QS.masked_fill(hidden_QS, torch.nan)
    return value_QS


def reasons(info: LayerInfo, rows: range, keys: range) -> Tensor:
    """Why each cell is hidden, int8 [Q, S] of `model.Reason`: the model's own rule, not a second one."""
    return info.mask.reasons(rows, keys)[0]
