"""How long values are after the output projection of their head, |W v| of each.

Letters: T values, G key/value heads, N query heads, H width of a value, D outputs.
"""

from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from gemma2_workbench.models.parity.fingerprint import WeightsState

# Tokens for each number of a value, above which making the factors takes less than the product with the outputs; and
# multiplications up to which making them takes no time to speak of.
_PAYS, _CHEAP = 4, 1 << 24


class _Factors(NamedTuple):
    """The factors of a layer, None where there are none, and whether they are made at once."""

    factors: Tensor | None
    are_cheap: bool


# Of each model as it was last looked at: the factors of its layers.
_KEPT: WeakKeyDictionary[nn.Module, tuple[WeightsState, dict[int, _Factors]]] = WeakKeyDictionary()


def value_norms(v_GTH: Tensor, model: nn.Module, layer: int, outputs: Callable[[], Tensor]) -> Tensor:
    """|W v| of each value for each head that reads it, float32 [N, T].

    Args:
        v_GTH: values, float32.
        model: whose they are; the factors of its layers are kept until a weight changes.
        layer: of the values.
        outputs: gives the output projection of each head, float32 [N, D, H].
    """
    kept, is_long = _kept(model), v_GTH.shape[1] > _PAYS * v_GTH.shape[2]
    if layer not in kept:
        out_NDH = outputs()
        are_cheap = out_NDH.numel() * v_GTH.shape[2] <= _CHEAP
        if not (is_long or are_cheap):
            return direct(v_GTH, out_NDH)
        kept[layer] = _Factors(factors_of(out_NDH), are_cheap)
    factors = kept[layer]
    # The length of a text decides, not what was run before it: another way has other last bits.
    if factors.factors is None or not (is_long or factors.are_cheap):
        return direct(v_GTH, outputs())
    return factored(v_GTH, factors.factors)


def direct(v_GTH: Tensor, out_NDH: Tensor) -> Tensor:
    """From the outputs themselves, [N, T]."""
    return torch.linalg.vector_norm(_times(v_GTH, out_NDH.mT), dim=-1)


def factored(v_GTH: Tensor, factors_NHH: Tensor) -> Tensor:
    """From the factors, [N, T]: |W v| = |L^T v|, H numbers a value in place of D.

    As exact as from the outputs, for nothing is squared but the numbers of L^T v.
    """
    return torch.linalg.vector_norm(_times(v_GTH, factors_NHH), dim=-1)


def factors_of(out_NDH: Tensor) -> Tensor | None:
    """The Cholesky factors L of W^T W = L L^T, [N, H, H]; None where some value leads nowhere and there are none."""
    factors_NHH, failed_N = torch.linalg.cholesky_ex(out_NDH.mT.double() @ out_NDH.double())
    return None if failed_N.any() else factors_NHH.to(out_NDH.dtype)


def _kept(model: nn.Module) -> dict[int, _Factors]:
    state = WeightsState.of(model)
    if model not in _KEPT or _KEPT[model][0] != state:
        _KEPT[model] = (state, {})
    return _KEPT[model][1]


def _times(v_GTH: Tensor, each_NHO: Tensor) -> Tensor:
    """The values times the matrix of each head that reads them, [N, T, O]."""
    grouped_GrHO = each_NHO.unflatten(0, (len(v_GTH), -1))
    return (v_GTH[:, None] @ grouped_GrHO).flatten(0, 1)
