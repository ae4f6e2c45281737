"""Attention that is called twice for one map: the same queries and keys, and the two halves of the values.

Differential attention (arXiv 2410.05258) subtracts the heads of one half from those of the other, and mixes values of
twice the width: transformers calls for each half of the width, in turn. The stages pass their hook points in the first
call. The outputs of the heads pass theirs in the second, side by side, and a change to them goes back to the first.

Shapes: B batch, T new tokens, N query heads, H width of one half of the values.
"""

import weakref
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import HookPoint
from gemma2_workbench.models.decoder.attention.inputs import Inputs
from gemma2_workbench.models.decoder.attention.seat import LOG_SUM, STAGES, Seat, Stages, attend, point
from gemma2_workbench.models.decoder.refused import RefusedError

_FIRST = "workbench_first"  # where an attention module keeps its first call
# Nobody watches these: of the second call all stages but the last are those of the first.
_UNWATCHED = nn.ModuleDict({name: HookPoint() for name in (*STAGES, LOG_SUM)})


@dataclass(frozen=True, eq=False)
class First:
    """The first of two calls.

    Attributes:
        query, key: what it was given, which the second is given again.
        out: [B, T, N, H], what the model got.
        replaced: whether a hook replaced a stage of it.
    """

    query: weakref.ref[Tensor]
    key: weakref.ref[Tensor]
    out: Tensor
    replaced: bool

    def is_of(self, given: Inputs) -> bool:
        """Whether these inputs are those of its second call."""
        return self.query() is given.query and self.key() is given.key


def first_half(module: nn.Module, seat: Seat, given: Inputs) -> Tensor:
    """What the first of two calls mixes, [B, T, N, H]."""
    stages = Stages(module)
    out_BTNH = attend(stages, seat, given).transpose(1, 2).contiguous()
    vars(module)[_FIRST] = First(weakref.ref(given.query), weakref.ref(given.key), out_BTNH, stages.replaced)
    return out_BTNH


def second_half(module: nn.Module, seat: Seat, given: Inputs) -> Tensor | None:
    """What the second of two calls mixes, [B, T, N, H]; None where it is no second one.

    Raises:
        RefusedError: a stage of the first was replaced, and the second would be without the change.
    """
    first = vars(module).get(_FIRST)
    if not isinstance(first, First) or not first.is_of(given):
        return None
    del vars(module)[_FIRST]
    if first.replaced:
        raise RefusedError(
            f"{type(module).__name__} attends in two halves, of which the outputs of heads can be changed, not a stage"
        )
    H = first.out.shape[-1]
    other_BTNH = attend(Stages(_UNWATCHED), seat, given).transpose(1, 2)
    wide_BNTM = torch.cat([first.out, other_BTNH], dim=-1).transpose(1, 2)
    new_BNTM = point(module, "head_out")(wide_BNTM)
    if new_BNTM is wide_BNTM:
        return other_BTNH.contiguous()
    first.out.copy_(new_BNTM[..., :H].transpose(1, 2))
    return new_BNTM[..., H:].transpose(1, 2).contiguous()
