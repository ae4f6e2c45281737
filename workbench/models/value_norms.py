"""How long values are after the output projection of their head, |W v| of each.

Letters: T values, G key/value heads, N query heads, H width of a value, D outputs.
"""

import torch
from torch import Tensor

_PAYS = 4  # tokens for each number of a value, from which the factors take less than the product itself


def value_norms(v_GTH: Tensor, out_NDH: Tensor) -> Tensor:
    """|W v| of each value for each head that reads it, float32 [N, T].

    Args:
        v_GTH: values, float32.
        out_NDH: the output projection of each head, float32.
    """
    factored_NT = factored(v_GTH, out_NDH) if v_GTH.shape[1] > _PAYS * v_GTH.shape[2] else None
    return direct(v_GTH, out_NDH) if factored_NT is None else factored_NT


def direct(v_GTH: Tensor, out_NDH: Tensor) -> Tensor:
    """From the outputs themselves, [N, T]."""
    return torch.linalg.vector_norm(_times(v_GTH, out_NDH.mT), dim=-1)


def factored(v_GTH: Tensor, out_NDH: Tensor) -> Tensor | None:
    """From the Cholesky factors of W^T W = L L^T, |W v| = |L^T v|, [N, T]: H numbers a value in place of D.

    As exact as from the outputs, for nothing is squared but the numbers of L^T v. None where there are no such factors:
    some value leads nowhere.
    """
    factors_NHH, failed_N = torch.linalg.cholesky_ex(out_NDH.mT.double() @ out_NDH.double())
    if failed_N.any():
        return None
    return torch.linalg.vector_norm(_times(v_GTH, factors_NHH.to(v_GTH.dtype)), dim=-1)


def _times(v_GTH: Tensor, each_NHO: Tensor) -> Tensor:
    """The values times the matrix of each head that reads them, [N, T, O]."""
    grouped_GrHO = each_NHO.unflatten(0, (len(v_GTH), -1))
    return (v_GTH[:, None] @ grouped_GrHO).flatten(0, 1)
