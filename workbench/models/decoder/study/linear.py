"""`linear`: what a linear module multiplies with and adds, whatever its class keeps them in."""

import torch
from torch import Tensor, nn


def linear(module: nn.Module) -> tuple[Tensor, Tensor]:
    """Weight [out, in] and bias [out] of a linear module, float32: its own, or what it makes of unit vectors.

    transformers' Conv1D holds its weight the other way round, quantised modules in parts, adapters in two products.
    """
    weight = module.get_parameter("weight")
    if type(module) is nn.Linear:
        bias = weight.new_zeros(len(weight)) if module.bias is None else module.bias
        return weight.detach().float(), bias.detach().float()
    with torch.no_grad():
        width = max(weight.shape[0], 1) if type(module).__name__ == "Conv1D" else weight.shape[-1]
        units = torch.eye(width, dtype=weight.dtype, device=weight.device)
        bias = module.forward(torch.zeros_like(units[:1]))[0]
        return (module.forward(units) - bias).T.float(), bias.float()


def is_linear(module: nn.Module, given: Tensor, gave: Tensor) -> bool:
    """Whether a module that was watched is linear: a matrix and a bias give what it gave."""
    if getattr(module, "weight", None) is None or module.get_parameter("weight").ndim != 2:
        return False
    weight, bias = linear(module)
    if weight.shape[-1] != given.shape[-1]:
        return False
    ours = given.float() @ weight.T + bias
    return bool((ours - gave.float()).abs().max() <= 1e-4 * (1 + gave.float().abs().max()))
