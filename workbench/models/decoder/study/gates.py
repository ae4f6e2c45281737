"""An output projection behind a gate: it reads the outputs of the heads, each number times one of its own.

Whether a module does, is tried: without a head its own numbers are gone, and those of the others are what they were. A
norm over all heads fails, for it mixes them.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.models.decoder.attention.seam import Call
from gemma2_workbench.models.decoder.attention.seat import point
from gemma2_workbench.models.decoder.study.study import Step


def gated_projection(call: Call, attention: Step, inside: Sequence[Step]) -> str | None:
    """The name of the projection of gated heads; None where there is none.

    Args:
        call: of attention.
        attention: what its module did.
        inside: what the modules of the layer did.
    """
    width = call.out.shape[1] * call.out.shape[-1]
    for step in inside:
        if not step.name.startswith(f"{attention.name}.") or step.given is None or step.given.shape[-1] != width:
            continue
        module = call.module.get_submodule(step.name.removeprefix(f"{attention.name}."))
        reads_tokens = step.given.shape[:2] == (call.out.shape[0], call.out.shape[2])
        if isinstance(module, nn.Linear) and reads_tokens and _keeps_apart(call, attention, module):
            return step.name
    return None


def _keeps_apart(call: Call, attention: Step, module: nn.Module) -> bool:
    """Whether the first and the last head are off, and nothing else is, where they are off in attention."""
    return all(_only(call, attention, module, head) for head in (0, call.out.shape[1] - 1))


def _only(call: Call, attention: Step, module: nn.Module, head: int) -> bool:
    """Whether a head that is off is off in what a module is given, and nothing else is."""
    N = call.out.shape[1]
    usual, without = (_given(call.module, attention, module, off).unflatten(-1, (N, -1)) for off in (None, head))
    others = [at for at in range(N) if at != head]
    return bool((without[..., head, :] == 0).all()) and torch.equal(usual[..., others, :], without[..., others, :])


def _given(at: nn.Module, attention: Step, module: nn.Module, off: int | None) -> Tensor:
    """What a module of an attention module is given when a head is off."""
    kept: list[Tensor] = []

    def ablate(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> Tensor:
        out = out.clone()
        out[:, [] if off is None else [off]] = 0
        return out

    handles = [
        point(at, "head_out").register_forward_hook(ablate),
        module.register_forward_pre_hook(lambda _module, args: kept.append(args[0]) or None),
    ]
    args, keywords = attention.call
    try:
        with torch.no_grad():
            at(*args, **keywords)
    finally:
        for handle in handles:
            handle.remove()
    return kept[-1]
