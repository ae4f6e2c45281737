"""The numbers of a weight, wherever and however it is kept: quantised, adapted, offloaded, split among processes.

A module that keeps its weight in another way than torch's own is asked through its forward pass: what it computes is
what counts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


def is_plain(module: nn.Module) -> bool:
    """Whether a module is torch's own or ours, with its weights in it: then `weight` is what it computes with."""
    if hasattr(module, "_hf_hook") or next(module.children(), None) is not None:
        return False
    if isinstance(module, nn.Linear) and type(module) is not nn.Linear:
        return False
    return not any(map(_is_elsewhere, module.parameters(recurse=False)))


def matrix(linear: Any) -> Tensor:
    """What a linear module multiplies with, float32 [out, in], bias left out."""
    with _weight(linear) as weight:
        if weight is not None:
            return weight.float()
    eye = torch.eye(linear.in_features, dtype=_dtype(linear), device=device(linear))
    with torch.no_grad():
        return (linear(eye) - linear(torch.zeros_like(eye[:1]))).float().T


def rows(linear: Any, ids_T: Tensor) -> Tensor:
    """Some rows of what a linear module without bias multiplies with, [T, in]."""
    with _weight(linear) as weight:
        if weight is not None:
            return weight[ids_T]
    with torch.enable_grad():  # the rows of a linear map are the gradients of its outputs
        inputs = torch.zeros(
            len(ids_T), linear.in_features, dtype=_dtype(linear), device=device(linear), requires_grad=True
        )
        chosen = linear(inputs).gather(-1, ids_T[:, None].to(inputs.device))
        return torch.autograd.grad(chosen.sum(), inputs)[0]


def scale(norm: nn.Module) -> Tensor:
    """The weight of a norm, float32 [D]."""
    with _brought(norm):
        return norm.get_parameter("weight").float()


def bias(linear: Any) -> Tensor | None:
    """What a linear module adds, float32 [out]; None for nothing."""
    if getattr(linear, "bias", None) is None:
        return None
    with torch.no_grad():
        return linear(torch.zeros(1, linear.in_features, dtype=_dtype(linear), device=device(linear)))[0].float()


@contextmanager
def _weight(linear: Any) -> Iterator[Tensor | None]:
    """The weight of one of torch's own linear modules, brought here where it is offloaded; None of any other."""
    with _brought(linear):
        is_own = type(linear) is nn.Linear and not _is_elsewhere(linear.weight)
        yield linear.weight.detach() if is_own else None


@contextmanager
def _brought(module: nn.Module) -> Iterator[None]:
    """Bring the weights of an offloaded module, until the block ends; tensors that are kept from it stay."""
    if not any(weight.is_meta for weight in module.parameters(recurse=False)):
        yield
        return
    from accelerate.utils import align_module_device

    with align_module_device(module):
        yield


def _is_elsewhere(weight: Tensor) -> bool:
    """Whether a weight is on another device or in another process, or kept in a way of its own."""
    return weight.device.type == "meta" or type(weight) not in (nn.Parameter, Tensor)


def _dtype(linear: Any) -> torch.dtype:
    """In which a module computes."""
    for weight in linear.parameters():
        if weight.is_floating_point():
            return weight.dtype
    return getattr(linear, "compute_dtype", None) or torch.float32


def device(module: nn.Module) -> str:
    """Where a module computes: of one whose weights are offloaded, where they are brought for it."""
    own = next(module.parameters()).device
    if own.type != "meta":
        return str(own)
    place = getattr(getattr(module, "_hf_hook", None), "execution_device", "cpu")
    return f"cuda:{place}" if isinstance(place, int) else str(place)
