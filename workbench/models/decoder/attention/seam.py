"""The seam: the two functions that transformers calls for a model whose attention is ours.

They are registered under a key of our own, so that no other model of the process meets them. A model is switched to it
by its configuration, which is nobody else's.

Shapes: B batch, T new tokens, S keys, N query heads, G key/value heads, H head width.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from gemma2_workbench.model.hooks import HookPoint
from gemma2_workbench.model.masks import Mask
from gemma2_workbench.models.decoder.attention.given_mask import GivenMask, given_mask, rule_of
from gemma2_workbench.models.decoder.attention.halves import first_half, second_half
from gemma2_workbench.models.decoder.attention.inputs import Inputs
from gemma2_workbench.models.decoder.attention.scores import OwnScores
from gemma2_workbench.models.decoder.attention.seat import LOG_SUM, STAGES, Seat, Stages, attend, point
from gemma2_workbench.models.decoder.refused import RefusedError

KEY = "gemma2_workbench"
_SEAT = "workbench_seat"  # where an attention module keeps it
# Keywords that say nothing which mask, tensors and the numbers of the layer do not say.
_HARMLESS = frozenset(
    ("dropout", "scaling", "softcap", "s_aux", "sliding_window", "is_causal", "position_ids", "cache_position")
    + ("use_cache", "output_attentions", "output_hidden_states", "output_router_logits", "return_dict")
    + ("max_length_q", "max_length_k", "logits_to_keep", "deterministic")
)


@dataclass(frozen=True, eq=False)
class Call:
    """One call of the attention function in a study: the module that calls, what it passes, what it gets."""

    module: nn.Module
    query: Tensor
    key: Tensor
    value: Tensor
    keywords: dict[str, Any]
    out: Tensor

    def is_repeated_by(self, module: nn.Module, query: Tensor, key: Tensor) -> bool:
        """Whether a call is about the same map, of other values."""
        return self.module is module and self.query is query and self.key is key

    def widened(self, value: Tensor, out: Tensor) -> "Call":
        """This call and the one about other values, in one."""
        both = (torch.cat(pair, dim=-1) for pair in ((self.value, value), (self.out, out)))
        return Call(self.module, self.query, self.key, next(both), self.keywords, next(both))


_calls: ContextVar[list[Call] | None] = ContextVar("calls", default=None)


@contextmanager
def listening() -> Iterator[list[Call]]:
    """The calls of this thread inside the block; attention modules without a seat are given one."""
    calls: list[Call] = []
    token = _calls.set(calls)
    try:
        yield calls
    finally:
        _calls.reset(token)


def seat_of(module: nn.Module) -> Seat:
    """The seat of an attention module that has been called in a study.

    Raises:
        RefusedError: it has none.
    """
    seat = vars(module).get(_SEAT)
    if not isinstance(seat, Seat):
        raise RefusedError(f"{type(module).__name__} calls attention now, and did not when the model was studied")
    return seat


def attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: object, **keywords: Any
) -> tuple[Tensor, None]:
    """What is registered with transformers' `AttentionInterface`: [B, N, T, H] in, [B, T, N, H] out.

    Raises:
        RefusedError: a keyword, a mask or a shape that is not known.
    """
    check_keywords(module, keywords)
    calls, sinks_N = _calls.get(), keywords.get("s_aux")
    scale, cap = scale_of(query, keywords), keywords.get("softcap")
    if calls is not None and _SEAT not in vars(module):
        rule = _rule(attention_mask)
        _take_a_seat(module, Seat(rule, scale, cap, query.shape[1], rule, cap))
    seat = seat_of(module)
    if scale != seat.scale:
        raise RefusedError(f"it scales by {scale:g} here and by {seat.scale:g} before; one number is known per layer")
    if cap != seat.given_cap:
        raise RefusedError(f"it caps its logits at {cap} here and at {seat.given_cap} before; one number is known")
    mask, rows, keys = _placed(seat, attention_mask, query.shape[2], key.shape[2])
    _check_shapes(query, key, value, sinks_N)
    given = Inputs(query, key, value, mask, rows, keys, sinks_N)
    if calls and calls[-1].is_repeated_by(module, query, key):
        seat.halved = True
        calls[-1] = calls[-1].widened(value, attend(Stages(module), seat, given))
        return calls[-1].out[..., -value.shape[-1] :].transpose(1, 2).contiguous(), None
    if seat.halved:
        other = second_half(module, seat, given)
        return first_half(module, seat, given) if other is None else other, None
    out_BNTH = _heads(module, seat, given)
    if calls is not None:
        calls.append(Call(module, query, key, value, keywords, out_BNTH))
    return out_BNTH.transpose(1, 2).contiguous(), None


def _heads(module: nn.Module, seat: Seat, given: Inputs) -> Tensor:
    """The outputs of the heads, [B, N, T, H]."""
    mixed_BNTH = attend(Stages(module), seat, given)
    return mixed_BNTH if seat.projected else point(module, "head_out")(mixed_BNTH)


def of_its_own(module: nn.Module, own: OwnScores, sinks: Tensor | None = None) -> Tensor:
    """What a module mixes whose scores are its own, [B, N, T, H], with learned sinks [N] or without.

    See `own_softmax` and `whole_mask`.

    Raises:
        RefusedError: scores or a mask of a form that is not known, or that was another when it was studied.
    """
    calls, N = _calls.get(), own.query.shape[1]
    if calls is not None and _SEAT not in vars(module):
        scale, biased = own.form()
        rule = own.mask.rule()
        _take_a_seat(module, Seat(rule, scale, None, N, rule, None, biased=biased))
    seat, mask = seat_of(module), own.mask
    if not mask.follows(seat.given_rule):
        raise RefusedError("its mask is another here than when it was studied")
    query, key = own.factors(seat.scale, seat.biased)
    rule = replace(seat.rule, keep=mask.keep(seat.given_rule))
    out_BNTH = _heads(module, seat, Inputs(query, key, own.value, rule, mask.rows, mask.keys, sinks))
    if calls is not None:
        calls.append(Call(module, query, key, own.value, {"s_aux": sinks}, out_BNTH))
    return out_BNTH


def scale_of(query: Tensor, keywords: dict[str, Any]) -> float:
    """What q.k is multiplied with; where nothing is passed, as in transformers, the root of the head width."""
    given = keywords.get("scaling")
    return query.shape[-1] ** -0.5 if given is None else float(given)


def _rule(mask: object) -> Mask:
    """The rule of what a model passes as its mask."""
    if mask is None:
        return Mask(causal=False)
    if not isinstance(mask, GivenMask):
        raise RefusedError(f"it makes its mask itself, as a {type(mask).__name__}, so that its rule is not known")
    return rule_of(mask)


def _placed(seat: Seat, mask: object, new: int, held: int) -> tuple[Mask, range, range]:
    """The rule with the padding of this batch, and the absolute rows and keys."""
    if not isinstance(mask, GivenMask):
        if mask is not None or seat.given_rule != Mask(causal=False):
            raise RefusedError(f"its mask is {_said(mask)} here, and was not when it was studied")
        return seat.rule, range(held - new, held), range(held)
    if len(mask.rows) != new or len(mask.keys) != held:
        raise RefusedError(
            f"its mask is of {len(mask.rows)} queries and {len(mask.keys)} keys, and its layer has {new} and {held}"
        )
    if not mask.follows(seat.given_rule):
        raise RefusedError("its mask is another here than when it was studied, as it is for packed sequences")
    return replace(seat.rule, keep=mask.keep), mask.rows, mask.keys


def _said(mask: object) -> str:
    return "none" if mask is None else f"a {type(mask).__name__} of its own"


def _take_a_seat(module: nn.Module, seat: Seat) -> None:
    """Give an attention module its seat and its hook points."""
    taken = [name for name in (*STAGES, LOG_SUM) if hasattr(module, name)]
    if taken:
        raise RefusedError(f"{type(module).__name__} has a part called {taken[0]}, the name of a hook point")
    for name in (*STAGES, LOG_SUM):
        module.add_module(name, HookPoint())
    setattr(module, _SEAT, seat)


def check_keywords(module: nn.Module, keywords: dict[str, Any]) -> None:
    """Refuse what a call of attention is given beside tensors and mask, if it would change what is computed.

    Raises:
        RefusedError: the message names it.
    """
    unknown = sorted(name for name, value in keywords.items() if value is not None and name not in _HARMLESS)
    if unknown:
        raise RefusedError(f"its attention is given {', '.join(unknown)}, which our equation does not have")
    if module.training and keywords.get("dropout"):
        raise RefusedError("its attention drops out in training; call model.eval()")


def _check_shapes(query: Tensor, key: Tensor, value: Tensor, sinks: Tensor | None) -> None:
    N, G = query.shape[1], key.shape[1]
    fits = query.ndim == key.ndim == value.ndim == 4 and N % G == 0 and key.shape[:3] == value.shape[:3]
    if not fits or query.shape[-1] != key.shape[-1]:
        shapes = ", ".join(str(list(part.shape)) for part in (query, key, value))
        raise RefusedError(f"its queries, keys and values have the shapes {shapes}, which do not go together")
    if sinks is not None and sinks.numel() != N:
        raise RefusedError(f"its sinks are {list(sinks.shape)}; one for each of the {N} heads is known")


AttentionInterface.register(KEY, attention)
AttentionMaskInterface.register(KEY, given_mask)
